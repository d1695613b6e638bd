-- What `setup` takes, and what holds where it says nothing.

local M = {}

M.DEFAULTS = {
  cmd = {}, ---@type string[] empty: the server is looked for
  settings = {}, ---@type table the server's settings, by their names in config.toml
  automatic = true,
  delay_ms = 20,
  max_file_kib = 1024,
  filetypes_off = {}, ---@type string[]
  keys = {
    accept = '<Tab>',
    accept_word = '<M-Right>',
    accept_line = '<M-C-Right>',
    next = '<M-]>',
    previous = '<M-[>',
    dismiss = '<C-]>',
    invoke = '<M-\\>',
    next_edit = false,
  },
}

-- Options whose value is a list or table with names of its own.
local OPEN = { cmd = 'a list of strings', settings = 'a table', filetypes_off = 'a list of strings' }

local function is_list_of_strings(value)
  return vim.islist(value) and #vim.tbl_filter(function(one) return type(one) ~= 'string' end, value) == 0
end

--- What is wrong with one option's value, nil when nothing is.
local function problem(name, value, default)
  if OPEN[name] then
    local is_right = type(value) == 'table' and (name == 'settings' or is_list_of_strings(value))
    return not is_right and ('%s must be %s'):format(name, OPEN[name]) or nil
  end
  if vim.startswith(name, 'keys.') then
    local is_right = value == false or (type(value) == 'string' and value ~= '')
    return not is_right and ('%s must be a key such as "<Tab>", or false'):format(name) or nil
  end
  if type(value) ~= type(default) then
    return ('%s must be a %s'):format(name, type(default))
  end
  if type(value) == 'number' and (value < 0 or value ~= value) then
    return ('%s must not be negative'):format(name)
  end
end

--- Names of the options, those of a table with a dot.
function M.names()
  local names = vim.tbl_filter(function(name) return name ~= 'keys' end, vim.tbl_keys(M.DEFAULTS))
  for name in pairs(M.DEFAULTS.keys) do
    table.insert(names, 'keys.' .. name)
  end
  table.sort(names)
  return names
end

local function merge(defaults, given, prefix, problems)
  local merged = vim.deepcopy(defaults)
  for name, value in pairs(given) do
    local full = prefix .. tostring(name)
    if full == 'keys' and value == false then
      merged.keys = vim.tbl_map(function() return false end, defaults.keys)
    elseif full == 'keys' and type(value) == 'table' then
      merged.keys = merge(defaults.keys, value, 'keys.', problems)
    elseif full == 'keys' then
      table.insert(problems, 'keys must be a table, or false')
    elseif defaults[name] == nil then
      table.insert(problems, ('there is no option %s; there are %s'):format(full, table.concat(M.names(), ', ')))
    elseif problem(full, value, defaults[name]) then
      table.insert(problems, problem(full, value, defaults[name]))
    else
      merged[name] = value
    end
  end
  return merged
end

--- The options in force, and what was wrong with those that were given; what is wrong is left out.
function M.read(given)
  local problems = {}
  if type(given) ~= 'table' then
    return vim.deepcopy(M.DEFAULTS), { 'setup takes a table of options' }
  end
  return merge(M.DEFAULTS, given, '', problems), problems
end

return M
