-- Takes one token from the bucket at KEYS[1], as `BucketState::take` of the domain does.
--
-- ARGV[1]: tokens that come back in a second. ARGV[2]: tokens in a full bucket; both below 2^32.
-- ARGV[3], in tests only: microseconds since 1970 in the place of the server's clock. Then nothing is forgotten.
-- Returns whether the token was given, the debt afterwards, and how far the bucket's last instant lies ahead of now.
--
-- Numbers are doubles: whole ones are exact below 2^53. A debt is at most 2^32 tokens of 10^6 (less than 2^52), and
-- so is an instant until 2112. Only `elapsed * rate` may be larger and then rounded, but never to below 2^53: it
-- still pays every debt.
local rate, capacity = tonumber(ARGV[1]), ARGV[2] * 1000000
local now = tonumber(ARGV[3])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end

local stored = redis.call('GET', KEYS[1]) or ''
local debt, at = string.match(stored, '^(%d+) (%d+)$')
debt, at = tonumber(debt) or 0, tonumber(at) or now

-- A clock that went back changes nothing: no time has passed.
local elapsed, ahead = math.max(now - at, 0), math.max(at - now, 0)
debt = math.min(math.max(debt - elapsed * rate, 0), capacity)
local given = debt + 1000000 <= capacity
if given then
  debt = debt + 1000000
end

local bucket = string.format('%.0f %.0f', debt, now + ahead)
if ARGV[3] then
  redis.call('SET', KEYS[1], bucket)
else
  -- Forgotten once it is full. One millisecond more than the division says, for that may be rounded.
  local life = math.ceil((ahead + debt / rate) / 1000) + 1
  redis.call('SET', KEYS[1], bucket, 'PX', string.format('%.0f', life))
end
return { given and 1 or 0, debt, ahead }
