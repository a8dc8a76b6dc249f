// Reads a table that was pasted: the cells that a spreadsheet puts into the clipboard, as HTML or as text with tabs.

// Returns the rows of a pasted table, each an array of texts; null if what was pasted is no table.
export function pastedTable(clipboard) {
  return fromHtml(clipboard.getData("text/html")) ?? fromText(clipboard.getData("text/plain"));
}

// Returns the rows of HTML that is one table and nothing else; null for other HTML, as an article with a table in it.
function fromHtml(html) {
  const body = parsed(html);
  const tables = body.querySelectorAll("table");
  if (tables.length !== 1) return null;
  const rows = [...tables[0].rows].map((row) => [...row.cells].flatMap(cellTexts));
  tables[0].remove();
  return body.textContent.trim() ? null : even(rows);
}

// Returns the body of HTML without its styles, which the page's security policy would report.
function parsed(html) {
  const bare = html.replace(/<(style|script)\b[\s\S]*?<\/\1\s*>/gi, "").replace(/<[^<>]*>/g, (tag) => tag.replace(/\sstyle\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)/gi, ""));
  return new DOMParser().parseFromString(bare, "text/html").body;
}

// Returns the text of a cell, and an empty one for each further column that it covers.
function cellTexts(cell) {
  const lines = cell.innerHTML.replace(/<br[^>]*>/gi, "\n");
  const text = parsed(lines).textContent.replace(/[ \t\u00a0]+/g, " ").trim();
  return [text, ...Array(Math.min(cell.colSpan, 50) - 1).fill("")];
}

// Returns the rows of a text in which each of several lines has the same number of tabs; null for any other text.
function fromText(text) {
  const lines = text.replace(/\r\n?/g, "\n").replace(/\n+$/, "").split("\n");
  const rows = lines.map((line) => line.split("\t").map((cell) => cell.trim()));
  const same = rows.length > 1 && rows.every((row) => row.length === rows[0].length);
  // Indented code begins each of its lines with tabs.
  return same && rows.some((row) => row[0]) ? even(rows) : null;
}

// Returns rows of equal length; null if they have fewer than two cells together, or no text.
function even(rows) {
  const filled = rows.filter((row) => row.length);
  const width = Math.max(0, ...filled.map((row) => row.length));
  if (filled.length * width < 2 || !filled.flat().some(Boolean)) return null;
  return filled.map((row) => [...row, ...Array(width - row.length).fill("")]);
}
