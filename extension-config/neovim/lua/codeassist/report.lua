-- What the server says of itself, as lines for a person. Pure. A field that is null comes as nil or vim.NIL.

local M = {}

--- A field's value, nil for null.
local function given(value)
  if value ~= vim.NIL then
    return value
  end
end

local function index_of(index)
  local message = given(index.message) or ''
  local counts = ('%s files, %s symbols'):format(index.files or 0, index.symbols or 0)
  return ('%s%s, %s'):format(index.state, message ~= '' and ' ' .. message or '', counts)
end

local function suggestions_of(status)
  local snoozed, off = given(status.snoozed_until), given(status.languages_off) or {}
  if status.enabled == false then
    return 'off'
  elseif snoozed and snoozed > os.time() then
    return 'quiet until ' .. os.date('%H:%M', snoozed)
  end
  return #off > 0 and 'on, but not in ' .. table.concat(off, ', ') or 'on'
end

--- Of a STATUS (docs/language-server.md).
function M.status(status)
  local engine = status.engine
  local message = given(engine.message) or ''
  local chat = given(status.chat) or ''
  local lines = {
    'suggestions  ' .. suggestions_of(status),
    ('engine       %s%s'):format(engine.state, message ~= '' and ', ' .. message or ''),
    'model        ' .. (given(status.model) or ''),
    'chat model   ' .. (chat ~= '' and chat or 'none (setting chat.url)'),
  }
  local folders = given(status.folders) or {}
  for _, folder in ipairs(folders) do
    table.insert(lines, ('index        %s: %s'):format(folder.name, index_of(folder.index)))
  end
  if #folders == 0 then
    table.insert(lines, 'index        ' .. index_of(status.index))
  end
  return lines
end

local function source_line(source)
  local place = ('%s:%s-%s'):format(source.path, source.start_line or '?', source.end_line or '?')
  return ('  from %s: %s'):format(place, given(source.why) or 'no reason given')
end

--- Of the last suggestion; nil before the first.
function M.why(last)
  if not last then
    return { 'nothing was suggested yet' }
  end
  local text = given(last.text) or ''
  local head = text ~= '' and 'suggested ' or 'nothing suggested: ' .. (given(last.reason) or 'no reason given')
  local lines = { ('line %d: %s'):format((given(last.line) or 0) + 1, head) }
  if text ~= '' then
    lines[1] = lines[1] .. vim.split(text, '\n', { plain = true })[1]
    vim.list_extend(lines, vim.list_slice(vim.split(text, '\n', { plain = true }), 2))
  end
  if type(last.confidence) == 'number' then
    table.insert(lines, ('  confidence %.2f'):format(last.confidence))
  end
  return vim.list_extend(lines, vim.tbl_map(source_line, given(last.sources) or {}))
end

local function share(part, whole) return whole > 0 and ('%d %%'):format(100 * part / whole + 0.5) or '-' end

local function row(name, tally)
  local median = given(tally.latency_p50_ms)
  return ('%-14s %6d %8s %8d %8d %11s %11s %9s'):format(
    name,
    tally.shown,
    share(tally.accepted, tally.shown),
    tally.partly,
    tally.typed_along,
    share(tally.kept_30, tally.looked_at_30),
    share(tally.kept_300, tally.looked_at_300),
    median and ('%d ms'):format(median + 0.5) or '-'
  )
end

--- Of FIGURES.
function M.figures(figures)
  if not given(figures) then
    return { 'the server has no figures' }
  end
  local problem = given(figures.problem) or ''
  if problem ~= '' then
    return { problem }
  end
  local head = ('%-14s %6s %8s %8s %8s %11s %11s %9s'):format(
    ('%d days'):format(figures.days_back),
    'shown',
    'taken',
    'in part',
    'typed',
    'kept 30 s',
    'kept 5 min',
    'median'
  )
  local lines = { head }
  for _, language in ipairs(vim.fn.sort(vim.tbl_keys(figures.languages))) do
    table.insert(lines, row(language, figures.languages[language]))
  end
  table.insert(lines, row('all', figures.total))
  return lines
end

return M
