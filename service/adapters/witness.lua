-- One entity, one atomic step: read what is remembered, give the event its place, remember the event.
--
-- KEYS[1]  the entity's hash: n = last sequence, one blob of fixed-size records per kind, one text per chain
-- KEYS[2]  what was answered to this event id before, kept for a while so that a retry sees the same and counts once
-- ARGV     1 mode: witness | recall | remember      2 event id, 8 bytes
--          3 time in ms, empty for the server's own  4 occurred in ms, empty for the time
--          5 field of the kind, empty for none       6 values of the record's columns, 8 bytes each
--          7 cap in records                          8 retention in ms
--          9 life of a kept answer in ms            10 how many chains; then a pair (field, span in ms) for each
--          the rest: fields to read
-- Returns {repeated, time, sequence, field...}; an empty string stands for a field that is not there.
local key, kept_key = KEYS[1], KEYS[2]
local mode, id = ARGV[1], ARGV[2]

if mode == 'witness' then
  local kept = redis.call('LRANGE', kept_key, 0, -1)
  if #kept > 0 then
    table.insert(kept, 1, '1')
    return kept
  end
end

local at = tonumber(ARGV[3])
if not at then
  local time = redis.call('TIME')
  at = time[1] * 1000 + math.floor(time[2] / 1000)
end
local occurred = math.min(tonumber(ARGV[4]) or at, at)
local chains = tonumber(ARGV[10])
local first_read = 11 + 2 * chains

local answer = {}
if #ARGV >= first_read then
  local found = redis.call('HMGET', key, unpack(ARGV, first_read))
  for i = 1, #found do answer[i] = found[i] or '' end
end

-- A hybrid logical clock: the time, or one more than the last when that is not later.
local sequence = math.max((tonumber(redis.call('HGET', key, 'n')) or 0) + 1, at)
local reply = {'0', string.format('%.0f', at), string.format('%.0f', sequence)}
for i = 1, #answer do reply[i + 3] = answer[i] end
if mode == 'recall' then return reply end

local kind, cap, retention = ARGV[5], tonumber(ARGV[7]), tonumber(ARGV[8])
if kind ~= '' then
  local blob = redis.call('HGET', key, kind) or ''
  if string.find(blob, id, 1, true) then
    reply[1] = '1'
    return reply
  end
  local record = struct.pack('<i8', occurred) .. id .. ARGV[6]
  local size = #record
  while #blob >= size and struct.unpack('<i8', blob) < at - retention do blob = string.sub(blob, size + 1) end
  blob = blob .. record
  if #blob > cap * size then blob = string.sub(blob, #blob - cap * size + 1) end
  redis.call('HSET', key, kind, blob)
end
for i = 0, chains - 1 do
  local field, span = ARGV[11 + 2 * i], tonumber(ARGV[12 + 2 * i])
  local first, last = string.match(redis.call('HGET', key, field) or '', '^(%d+) (%d+)$')
  first, last = tonumber(first), tonumber(last)
  if not first or occurred - last > span then
    first, last = occurred, occurred
  elseif first - occurred <= span then
    first, last = math.min(first, occurred), math.max(last, occurred)
  end
  redis.call('HSET', key, field, string.format('%.0f %.0f', first, last))
end
redis.call('HSET', key, 'n', string.format('%.0f', sequence))
redis.call('PEXPIRE', key, retention)
if mode == 'witness' then
  redis.call('RPUSH', kept_key, unpack(reply, 2))
  redis.call('PEXPIRE', kept_key, ARGV[9])
end
return reply
