local isDeleting = obj.metadata.deletionTimestamp ~= nil
local isSuspended = obj.spec.suspend == true

local actions = {}
actions["reconcile"] = { ["disabled"] = isDeleting }
actions["suspend"] = { ["disabled"] = isDeleting or isSuspended }
actions["resume"] = { ["disabled"] = isDeleting or not isSuspended }
return actions
