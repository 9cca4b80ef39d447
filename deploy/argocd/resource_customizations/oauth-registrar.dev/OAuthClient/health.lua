local health = { status = "Progressing", message = "Waiting for the operator" }

if obj.metadata.deletionTimestamp ~= nil then
  health.message = "Being deleted"
  return health
end
if obj.status == nil or obj.status.conditions == nil then
  return health
end
if obj.status.observedGeneration ~= nil and obj.status.observedGeneration ~= obj.metadata.generation then
  health.message = "Waiting for the operator to see the last edit"
  return health
end

local ready, paused, isStalled, isReconciling = nil, nil, false, false
for _, condition in ipairs(obj.status.conditions) do
  if condition.type == "Ready" then
    ready = condition
  elseif condition.status == "True" then
    if condition.type == "Paused" then
      paused = condition
    elseif condition.type == "Stalled" then
      isStalled = true
    elseif condition.type == "Reconciling" then
      isReconciling = true
    end
  end
end
if ready == nil then
  return health
end

health.message = ready.message
if ready.reason == "Ended" then
  health.status = "Healthy"
elseif isStalled and ready.status == "True" and ready.reason == "ReplacementPending" then
  -- The client works, and the edit waits for a person's consent.
  health.status = "Suspended"
elseif isStalled then
  health.status = "Degraded"
elseif paused ~= nil and paused.reason == "Suspended" then
  health.status = "Suspended"
  if ready.reason ~= "Suspended" then
    health.message = paused.message
  end
elseif ready.status == "True" and not isReconciling then
  health.status = "Healthy"
end
return health
