import { createHash } from 'node:crypto';

export interface Script {
  readonly text: string;
  readonly sha1: string;
}

export const script = (text: string): Script => ({ text, sha1: createHash('sha1').update(text).digest('hex') });

/**
 * Linear hashing: the number of buckets grows one by one, each time halving one bucket, so that no script ever moves more than one bucket.
 * Fields are HMAC output, so their last three octets are as good as any hash. Numbers stay below 2^53, where Lua's are exact.
 */
export const BUCKET_LEVEL = `
local function level(n) local l = 1; while l * 2 <= n do l = l * 2 end; return l end
`;

const BUCKETS = `${BUCKET_LEVEL}
local function bucket(field, n)
  local a, b, c = string.byte(field, 13, 15)
  local hash = (a * 256 + b) * 256 + c
  local l = level(n)
  local number = hash % (l * 2)
  if number >= n then number = hash % l end
  return KEYS[1] .. ':' .. string.format('%d', number)
end
`;

/** Splits one bucket in two. At once, before a bucket outgrows the compact form: Redis never goes back to it. */
const GROWTH = `
local function grow(n)
  local source = KEYS[1] .. ':' .. string.format('%d', n - level(n))
  local target = KEYS[1] .. ':' .. string.format('%d', n)
  redis.call('DEL', target)
  local records = redis.call('HGETALL', source)
  for i = 1, #records, 2 do
    if bucket(records[i], n + 1) == target then
      redis.call('HSET', target, records[i], records[i + 1])
      redis.call('HDEL', source, records[i])
    end
  end
  return n + 1
end
`;

/** A later epoch than the caller's has written: the caller has lost the sequencer's lease. Answers true then, and notes the caller's otherwise. */
const FENCE = `
local function fenced(epoch)
  local seen = tonumber(redis.call('GET', KEYS[2]) or '0')
  if epoch > seen then redis.call('SET', KEYS[2], string.format('%.0f', epoch)) end
  return epoch < seen
end
`;

/**
 * KEYS partition. ARGV fields. Answers the position and the records, in one round trip and of one instant.
 * A partition that has lost its number of buckets has lost everything: it is at position 0.
 */
export const READ = script(`${BUCKETS}
local meta = redis.call('HMGET', KEYS[1], 'p', 'n')
local n = tonumber(meta[2] or '0')
local answer = { n > 0 and meta[1] or '0' }
for i = 1, #ARGV do
  answer[i + 1] = n > 0 and redis.call('HGET', bucket(ARGV[i], n), ARGV[i])
end
return answer
`);

/**
 * KEYS partition, epoch. ARGV epoch, previous, position, then field and record in turn. Answers ok, fenced or behind.
 * A mean of 64 subjects a bucket keeps nearly all below 256, where Redis keeps a hash as one compact list.
 */
export const APPLY = script(`${BUCKETS}${GROWTH}${FENCE}
if fenced(tonumber(ARGV[1])) then return 'fenced' end
local meta = redis.call('HMGET', KEYS[1], 'p', 'n', 'c')
local n = tonumber(meta[2] or '0')
local position = tonumber(n > 0 and meta[1] or '0')
if position >= tonumber(ARGV[3]) then return 'ok' end
if position < tonumber(ARGV[2]) then return 'behind' end
local count = tonumber(meta[3] or '0')
if n == 0 then n = 1; redis.call('DEL', KEYS[1] .. ':0') end
for i = 4, #ARGV, 2 do
  count = count + redis.call('HSET', bucket(ARGV[i], n), ARGV[i], ARGV[i + 1])
  if count > n * 64 then n = grow(n) end
end
redis.call('HSET', KEYS[1], 'p', ARGV[3], 'n', string.format('%d', n), 'c', string.format('%d', count))
return 'ok'
`);

/** KEYS partition, epoch. ARGV epoch. Empties the partition; answers ok or fenced. */
export const RESET = script(`${FENCE}
if fenced(tonumber(ARGV[1])) then return 'fenced' end
local n = tonumber(redis.call('HGET', KEYS[1], 'n') or '0')
for number = 0, n - 1 do redis.call('UNLINK', KEYS[1] .. ':' .. string.format('%d', number)) end
redis.call('DEL', KEYS[1])
return 'ok'
`);

/** KEYS partition. Answers every field and record of the partition in turn, of one instant: SCAN could miss what a growing partition moves. */
export const LIST = script(`
local n = tonumber(redis.call('HGET', KEYS[1], 'n') or '0')
local answer = {}
for number = 0, n - 1 do
  local records = redis.call('HGETALL', KEYS[1] .. ':' .. string.format('%d', number))
  for i = 1, #records do answer[#answer + 1] = records[i] end
end
return answer
`);
