import { BUCKET_LEVEL, script } from './scripts.js';

/**
 * The marks of one client in one epoch, in sets of integers that Redis keeps as plain arrays up to 512. Linear hashing, as the subjects have it:
 * a mean of 160 keeps even the sets that are still to be split below that.
 */
const SETS = `${BUCKET_LEVEL}
local function set(mark, n)
  local l = level(n)
  local number = mark % (l * 2)
  if number >= n then number = mark % l end
  return KEYS[1] .. ':' .. string.format('%d', number)
end
local function grow(n, ends)
  local source = KEYS[1] .. ':' .. string.format('%d', n - level(n))
  local target = KEYS[1] .. ':' .. string.format('%d', n)
  for _, mark in ipairs(redis.call('SMEMBERS', source)) do
    if set(tonumber(mark), n + 1) == target then
      redis.call('SADD', target, mark)
      redis.call('SREM', source, mark)
    end
  end
  redis.call('PEXPIREAT', target, ends)
  return n + 1
end
`;

/**
 * KEYS the client's hash: n = number of sets, c = count, l = level of the bucket, t = its time in ms.
 * ARGV limit, size, drain, now, floor, when it may go (ms), then marks. Answers over, used, wait, and for each mark whether it is new.
 * Whole or not at all. Numbers stay below 2^53, where Lua's are exact.
 */
export const CHARGE = script(`${SETS}
local limit, size, drain, now, floor = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local ends = ARGV[6]
local meta = redis.call('HMGET', KEYS[1], 'n', 'c', 'l', 't')
local n = tonumber(meta[1] or '1')
local used = math.max(tonumber(meta[2] or '0'), floor)
local fresh, asked = {}, 0
for i = 7, #ARGV do
  local known = meta[1] and redis.call('SISMEMBER', set(tonumber(ARGV[i]), n), ARGV[i]) or 0
  fresh[#fresh + 1] = known == 0 and '1' or '0'
  if known == 0 then asked = asked + 1 end
end
local flags = table.concat(fresh)
local function answer(over, count, wait) return { over, string.format('%d', count), wait, flags } end
if asked == 0 then return answer('', used, '0') end
if used + asked > limit then return answer('epoch', used, '0') end
local at = tonumber(meta[4] or '0')
local held = math.max(0, tonumber(meta[3] or '0') - math.max(0, now - at) * drain)
if asked > size then return answer('burst', used, 'never') end
if held + asked > size then return answer('burst', used, string.format('%.0f', math.ceil((held + asked - size) / drain))) end
used = used + asked
for i = 7, #ARGV do
  if fresh[i - 6] == '1' then
    local key = set(tonumber(ARGV[i]), n)
    redis.call('SADD', key, ARGV[i])
    redis.call('PEXPIREAT', key, ends, 'NX')
  end
end
for _ = 1, asked do if used > n * 160 then n = grow(n, ends) end end
redis.call('HSET', KEYS[1], 'n', string.format('%d', n), 'c', string.format('%d', used), 'l', string.format('%.17g', held + asked), 't', string.format('%.0f', math.max(at, now)))
redis.call('PEXPIREAT', KEYS[1], ends)
return answer('', used, '0')
`);
