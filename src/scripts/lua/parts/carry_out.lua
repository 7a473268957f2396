-- How a batch carries out its requests. `kinds` has the function of each.
local function failure(cause)
    local words = type(cause) == 'table' and cause.err or cause
    -- Redis 6 puts the line before it, and the sign of an error.
    words = string.gsub(words, '^[^ ]*: ?%-?%d+: ', '')
    return {err = (string.gsub(words, '^%-', ''))}
end
local forms, answers, removes = {}, {}, {}
local count, k, a = 0, 0, 1
local given = ARGV[a]
while given do
    local form = forms[given]
    if not form then
        local kind, keys, arguments = string.match(given, '^(%a)(%d+),(%d+)$')
        form = {kinds[kind], tonumber(keys), tonumber(arguments)}
        forms[given] = form
    end
    local before = #doomed
    local done, answer = pcall(form[1], k, form[2], a, form[3])
    count = count + 1
    answers[count] = done and answer or failure(answer)
    if #doomed > before then
        removes[#removes + 1] = count
    end
    k = k + form[2]
    a = a + form[3] + 1
    given = ARGV[a]
end
if #doomed > 0 then
    local done, cause = pcall(redis.call, 'DEL', unpack(doomed))
    for i = 1, done and 0 or #removes do
        answers[removes[i]] = failure(cause)
    end
end
return answers
