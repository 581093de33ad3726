// Takes the official JSON schemas of MCP out of the official conformance suite, which carries them
// inside its one file:
//
//     node tests/schemas/extract.mjs .clients/node/node_modules/@modelcontextprotocol/conformance
//
// They are literals of objects there, named in one table of revisions. Nothing is changed but the
// notation: the same keys and values as JSON.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const source = readFileSync(join(process.argv[2], 'dist/index.js'), 'utf8');
const table = source.match(
  /const \w+=\{"2025-03-26":(\w+),"2025-06-18":(\w+),"2025-11-25":(\w+),\[\w+\]:(\w+)\}/,
);
if (!table) throw new Error('this version of the suite keeps its schemas in another way');
const revisions = ['2025-03-26', '2025-06-18', '2025-11-25', '2026-07-28'];
revisions.forEach((revision, at) => {
  const name = table[at + 1];
  const literal = literalAt(source.search(new RegExp(`[ ,]${name}=\\{`)) + name.length + 2);
  const schema = Function(`return (${literal})`)();
  const file = new URL(`${revision}.json`, import.meta.url);
  writeFileSync(file, JSON.stringify(schema, null, 1) + '\n');
});

// An object literal by its brackets; those in strings do not count.
function literalAt(start) {
  let depth = 0;
  let quote = null;
  for (let at = start; at < source.length; at += 1) {
    const char = source[at];
    if (quote) {
      if (char === '\\') at += 1;
      else if (char === quote) quote = null;
    } else if ('"\'`'.includes(char)) quote = char;
    else if (char === '{') depth += 1;
    else if (char === '}' && --depth === 0) return source.slice(start, at + 1);
  }
  throw new Error('a literal that does not end');
}
