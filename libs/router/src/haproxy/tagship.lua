-- The seats of the router: which hosts lead to which seat, which slot of it is live, and which targets
-- each slot has. HAProxy reads the file of seats as part of its config; this script is the only one that
-- writes it, after every change, so that the router serves the same routes when it starts again alone.
--
-- Every command below runs to its end before the next one begins (one Lua state, no yield in between):
-- comparing the fence, writing the file and turning the map are one step, whoever else is asking.
-- Replies: "ok …", "fenced HIGHEST", "busy WHY", "refused WHY".

local path = ...
local slots = { 'blue', 'green' }
local none = '-'

local seats = {}   -- number → { app, fence, live, backup, hosts, blue, green }; the last three are lists "a,b"
local blocks = {}  -- the text of the file: heading, one block a seat, end mark
local owner = {}   -- host → seat
local frozen_until = 0

local function free_seat()
  return { app = none, fence = 0, live = none, backup = none, hosts = none, blue = none, green = none }
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
    string.format('# seat %d app=%s fence=%d live=%s backup=%s hosts=%s',
      number, seat.app, seat.fence, seat.live, seat.backup, seat.hosts),
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

local function read()
  local seat, slot
  for line in io.lines(path) do
    local number, fields = line:match('^# seat (%d+) (.*)$')
    if number then
      seat = free_seat()
      for key, value in fields:gmatch('(%l+)=(%S+)') do seat[key] = value end
      seat.fence = math.tointeger(seat.fence)
      seats[tonumber(number)] = seat
    end
    slot = line:match('^backend s%d+%-(%l+) ') or slot
    local name, address = line:match('^  server (%S+) (%S+)')
    if name then seat[slot] = append(seat[slot], name .. '=' .. address) end
  end
  render_all()
end

-- Returns what went wrong, or nil. The caller's fsync is what makes it last through a power cut.
local function save()
  local file, problem = io.open(path .. '.new', 'w')
  if not file then return problem end
  local written
  written, problem = file:write(table.concat(blocks))
  local closed, close_problem = file:close()
  if not (written and closed) then return problem or close_problem end
  local renamed
  renamed, problem = os.rename(path .. '.new', path)
  return not renamed and problem or nil
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
  local text, old = block(number, seat), blocks[number + 1]
  if text ~= old then
    blocks[number + 1] = text
    local problem = save()
    if problem then
      blocks[number + 1] = old
      return 'refused the file of seats cannot be written: ' .. problem
    end
    seats[number] = seat
    publish(number, seat, before)
  end
  return 'ok ' .. seat.live
end

-- ------------------------------------------------------------------------------------ the commands

local function command(verb, usage, act)
  core.register_cli({ 'tagship', verb }, string.format('tagship %s %s', verb, usage), function(applet, _, _, ...)
    applet:send(act(...) .. '\n')
  end)
end

local function seat_command(verb, usage, act)
  command(verb, 'SEAT ' .. usage, function(number, ...)
    number = math.tointeger(number)
    local seat = seats[number]
    if not seat then return string.format('refused there is no seat %s among %d', number, #seats) end
    return act(number, seat, ...)
  end)
end

local function fenced_command(verb, usage, act)
  seat_command(verb, 'SLOT FENCE ' .. usage, function(number, seat, slot, fence, ...)
    fence = math.tointeger(fence)
    if fence < seat.fence then return string.format('fenced %d', seat.fence) end
    return act(number, seat, slot, fence, ...)
  end)
end

seat_command('hosts', 'APP HOST,…|-', function(number, _, app, hosts)
  return change(number, { app = app, hosts = hosts })
end)

seat_command('forget', '', function(number)
  return change(number, free_seat())
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

command('seats', '', function()
  return table.concat(blocks)
end)

command('save', '', function()
  local problem = save()
  return problem and 'refused the file of seats cannot be written: ' .. problem or 'ok'
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
end)
