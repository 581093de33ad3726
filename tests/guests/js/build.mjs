// Makes the component: node build.mjs WIT SOURCE OUTPUT. The host offers no HTTP of WASI, so the
// engine is built without what would import it.
import { componentize } from '@bytecodealliance/componentize-js';
import { writeFile } from 'node:fs/promises';

const [witPath, sourcePath, output] = process.argv.slice(2);
const { component } = await componentize({
  sourcePath,
  witPath,
  worldName: 'tool',
  disableFeatures: ['http', 'fetch-event'],
});
await writeFile(output, component);
