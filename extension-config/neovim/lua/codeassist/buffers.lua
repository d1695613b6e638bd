-- In which buffers suggestions are wanted.

local M = {}

M.options = vim.deepcopy(require('codeassist.options').DEFAULTS) -- those in force

--- Why a buffer gets no suggestions; nil when it does.
---@return string?
function M.why_not(buffer)
  local bo, name = vim.bo[buffer], vim.api.nvim_buf_get_name(buffer)
  if vim.g.codeassist == false or vim.b[buffer].codeassist == false then
    return 'switched off by vim.g.codeassist or vim.b.codeassist'
  elseif bo.buftype ~= '' or name == '' or name:match('^%a[%w+.-]+://') then
    return 'it is no file'
  elseif bo.readonly or not bo.modifiable then
    return 'it cannot be changed'
  elseif vim.list_contains(M.options.filetypes_off, bo.filetype) then
    return ('the option filetypes_off names %s'):format(bo.filetype)
  elseif vim.api.nvim_buf_get_offset(buffer, vim.api.nvim_buf_line_count(buffer)) > M.options.max_file_kib * 1024 then
    return ('it is larger than %d KiB (option max_file_kib)'):format(M.options.max_file_kib)
  end
end

--- The server that a buffer is attached to.
---@return vim.lsp.Client?
function M.client(buffer) return vim.lsp.get_clients({ bufnr = buffer, name = 'codeassist' })[1] end

return M
