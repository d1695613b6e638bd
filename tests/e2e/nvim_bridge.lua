-- Run by `nvim -l` beside a Neovim that is tested: JSON lines of Lua code in, JSON lines of its values out. One process
-- for a whole test costs a hundredth of one `nvim --remote-expr` for each question.

local channel = vim.fn.sockconnect('pipe', _G.arg[1], { rpc = true })

for line in io.lines() do
  local is_done, value = pcall(vim.rpcrequest, channel, 'nvim_exec_lua', vim.json.decode(line), {})
  local answer = is_done and { value = value } or { error = tostring(value) }
  io.stdout:write(vim.json.encode(answer), '\n')
  io.stdout:flush()
end
