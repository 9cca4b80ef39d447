local isDeleting = obj.metadata.deletionTimestamp ~= nil
local isSuspended = obj.spec.suspend == true
local hasClient = obj.status ~= nil and obj.status.clientId ~= nil

local actions = {}
actions["reconcile"] = { ["disabled"] = isDeleting }
actions["rotate"] = { ["disabled"] = isDeleting or isSuspended or not hasClient }
actions["suspend"] = { ["disabled"] = isDeleting or isSuspended }
actions["resume"] = { ["disabled"] = isDeleting or not isSuspended }
return actions
