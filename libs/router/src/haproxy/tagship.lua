-- The seats of the router: which hosts lead to which seat, which slot of it is live, and which targets
-- each slot has. HAProxy reads the file of seats as part of its config; this script is the only one that
-- writes it, after every change, so that the router serves the same routes when it starts again alone.
--
-- Every command below runs to its end before the next one begins (one Lua state, no yield in between):
-- comparing the fence, writing the file and turning the map are one step, whoever else is asking.
-- Replies: "ok VERSION", "fenced HIGHEST", "busy WHY", "refused WHY".

local path = ...
local slots = { 'blue', 'green' }
local none = '-'

local seats = {}   -- number → { app, version, fence, live, backup, hosts, blue, green }; the last three are lists "a,b"
local blocks = {}  -- the text of the file: heading, one block a seat, end mark
local owner = {}   -- host → seat
local acts = {}    -- verb → what it does to a seat, without a look at the fence
local on_disk      -- the text of the file as it was read or written last
local frozen_until = 0

local function free_seat()
  return { app = none, version = 0, fence = 0, live = none, backup = none, hosts = none, blue = none, green = none }
end

local function items(list)
  return (list == none and '' or list):gmatch('[^,]+')
end

local function append(list, item)
  return list == none and item or list .. ',' .. item
end

local function backend(number, slot)
  return slot == none and none or string.format('s%d-%s', number, slot)
end

-- ---------------------------------------------------------------------------------------- the file

local function block(number, seat)
  local lines = {
    string.format('# seat %d app=%s version=%d fence=%d live=%s backup=%s hosts=%s',
      number, seat.app, seat.version, seat.fence, seat.live, seat.backup, seat.hosts),
  }
  for _, slot in ipairs(slots) do
    lines[#lines + 1] = string.format('backend %s from slot', backend(number, slot))
    for target in items(seat[slot]) do
      lines[#lines + 1] = '  server ' .. target:gsub('=', ' ', 1)
    end
  end
  return table.concat(lines, '\n') .. '\n'
end

local function render_all()
  blocks = { string.format('# tagship seats %d\n', #seats) }
  for number, seat in ipairs(seats) do blocks[number + 1] = block(number, seat) end
  blocks[#blocks + 1] = '# end\n'
end

local function text_of(file_path)
  local file = io.open(file_path)
  local text = file and file:read('a')
  if file then file:close() end
  return text
end

local function read()
  local seat, slot
  on_disk = text_of(path) or ''
  for line in on_disk:gmatch('[^\n]+') do
    local number, fields = line:match('^# seat (%d+) (.*)$')
    if number then
      seat = free_seat()
      for key, value in fields:gmatch('(%l+)=(%S+)') do seat[key] = value end
      seat.version = math.tointeger(seat.version)
      seat.fence = math.tointeger(seat.fence)
      seats[tonumber(number)] = seat
    end
    slot = line:match('^backend s%d+%-(%l+) ') or slot
    local name, address = line:match('^  server (%S+) (%S+)')
    if name then seat[slot] = append(seat[slot], name .. '=' .. address) end
  end
  render_all()
end

-- Returns what went wrong, or nil. The caller's fsync is what makes it last through a power cut. What was
-- there before stays beside it, unless somebody has damaged it: start.sh falls back on it. An instance is
-- removed only after a write that takes it out of the routes, so that routes which are one write old still lead
-- to instances that are there.
local function save()
  local text = table.concat(blocks)
  local file, problem = io.open(path .. '.new', 'w')
  if not file then return problem end
  local written
  written, problem = file:write(text)
  local closed, close_problem = file:close()
  if not (written and closed) then return problem or close_problem end
  if text_of(path) == on_disk then os.rename(path, path .. '.last') end
  local renamed
  renamed, problem = os.rename(path .. '.new', path)
  if not renamed then return problem end
  on_disk = text
end

-- ---------------------------------------------------------------------------------------- the maps

local function set(map, key, value)
  if value == none then core.del_map(map, key) else core.set_map(map, key, value) end
end

-- The value of virt@live is the name of a backend, so that one write of one map is the whole switch.
local function publish(number, seat, before)
  local key = tostring(number)
  local wanted = {}
  for host in items(seat.hosts) do
    wanted[host] = true
    if owner[host] ~= number then
      owner[host] = number
      core.set_map('virt@hosts', host, key)
    end
  end
  for host in items(before.hosts) do
    if not wanted[host] and owner[host] == number then
      owner[host] = nil
      core.del_map('virt@hosts', host)
    end
  end
  if seat.live ~= before.live then set('virt@live', key, backend(number, seat.live)) end
  if seat.backup ~= before.backup then set('virt@backup', key, backend(number, seat.backup)) end
  set('virt@idle', key, backend(number, seat.live == 'blue' and 'green' or 'blue'))
end

-- File first: what was acknowledged is never forgotten; what is in the file is at worst not yet acknowledged.
local function change(number, fields)
  if core.now().sec < frozen_until then return 'busy the router is about to reload' end
  local before = seats[number]
  local seat = {}
  for key, value in pairs(before) do seat[key] = value end
  for key, value in pairs(fields) do seat[key] = value end
  local old = blocks[number + 1]
  if block(number, seat) ~= old then
    seat.version = before.version + 1
    blocks[number + 1] = block(number, seat)
    local problem = save()
    if problem then
      blocks[number + 1] = old
      return 'refused the file of seats cannot be written: ' .. problem
    end
    seats[number] = seat
    publish(number, seat, before)
  end
  return 'ok ' .. seats[number].version
end

-- ------------------------------------------------------------------------------------ the commands

local function command(verb, usage, act)
  core.register_cli({ 'tagship', verb }, string.format('tagship %s %s', verb, usage), function(applet, _, _, ...)
    applet:send(act(...) .. '\n')
  end)
end

local function with_seat(act)
  return function(number, ...)
    number = math.tointeger(number)
    local seat = seats[number]
    if not seat then return string.format('refused there is no seat %s among %d', number, #seats) end
    return act(number, seat, ...)
  end
end

local function seat_command(verb, usage, act)
  acts[verb] = act
  command(verb, 'SEAT ' .. usage, with_seat(act))
end

local function fenced_command(verb, usage, act)
  acts[verb] = function(number, seat, slot, fence, ...)
    return act(number, seat, slot, math.tointeger(fence), ...)
  end
  command(verb, 'SEAT SLOT FENCE ' .. usage, with_seat(function(number, seat, slot, fence, ...)
    if math.tointeger(fence) < seat.fence then return string.format('fenced %d', seat.fence) end
    return acts[verb](number, seat, slot, fence, ...)
  end))
end

seat_command('hosts', 'APP HOST,…|-', function(number, _, app, hosts)
  return change(number, { app = app, hosts = hosts })
end)

seat_command('forget', '', function(number, seat)
  local free = free_seat()
  free.version = seat.version
  return change(number, free)
end)

fenced_command('fill', 'NAME=ADDRESS:PORT,…|-', function(number, seat, slot, fence, targets)
  if targets == none and seat.live == slot then return 'refused ' .. slot .. ' is the live slot' end
  -- What comes into the slot now has not been live, so it is nobody's backup.
  local replaced = seat.backup == slot and seat[slot] ~= targets
  return change(number, { fence = fence, [slot] = targets, backup = replaced and none or seat.backup })
end)

fenced_command('switch', '[unproven]', function(number, seat, slot, fence, unproven)
  if slot ~= none and not unproven and core.backends[backend(number, slot)]:get_srv_act() == 0 then
    return string.format('refused no target of the %s slot is usable', slot)
  end
  local backup = seat.backup
  if seat.live ~= slot then backup = seat.live ~= none and seat[seat.live] ~= none and seat.live or none end
  return change(number, { fence = fence, live = slot, backup = backup })
end)

-- For who has compared the seat with the rows: nobody has written since. That says more than a fence does,
-- and puts right one that no row has given out.
command('if', 'SEAT VERSION VERB …', with_seat(function(number, seat, version, verb, ...)
  if math.tointeger(version) ~= seat.version then return string.format('fenced %d', seat.version) end
  return acts[verb](number, seat, ...)
end))

command('seats', '', function()
  return table.concat(blocks)
end)

command('seat', 'SEAT', with_seat(function(number)
  return blocks[number + 1]
end))

command('save', '', function()
  local problem = save()
  return problem and 'refused the file of seats cannot be written: ' .. problem or 'ok'
end)

-- A router without any app may have lost its routes: until who knows has compared them, nobody is told that an app is
-- not there.
command('confirm', '', function()
  core.del_map('virt@unsure', 'routes')
  return 'ok'
end)

-- The next worker reads the file while this one still answers: what is written in between would be lost.
command('freeze', 'SECONDS', function(seconds)
  frozen_until = core.now().sec + math.tointeger(seconds)
  return 'ok'
end)

-- Counts from the next reload on: HAProxy makes backends only when it reads its config.
command('resize', 'COUNT', function(count)
  count = math.tointeger(count)
  for number = #seats, count + 1, -1 do
    if seats[number].app ~= none then return string.format('refused seat %d is taken', number) end
    seats[number] = nil
  end
  for number = #seats + 1, count do seats[number] = free_seat() end
  render_all()
  local problem = save()
  return problem and 'refused the file of seats cannot be written: ' .. problem or 'ok'
end)

read()

core.register_init(function()
  for number, seat in ipairs(seats) do publish(number, seat, free_seat()) end
  if next(owner) == nil then core.set_map('virt@unsure', 'routes', 'lost') end
end)
