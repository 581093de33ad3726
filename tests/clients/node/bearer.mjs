// Gives every request of the conformance suite to the gateway the key that the suite has no option
// for. Loaded before it: node --import ./bearer.mjs …
import http from 'node:http';
import { createRequire, syncBuiltinESMExports } from 'node:module';

const target = process.env.MCP_TARGET;
const bearer = `Bearer ${process.env.MCP_KEY}`;

// Most of the suite, and the SDK's client in it.
const plainFetch = globalThis.fetch;
globalThis.fetch = (input, options = {}) => {
  const url = new URL(input.url ?? input);
  if (url.host !== target) return plainFetch(input, options);
  const headers = new Headers(options.headers ?? input.headers);
  headers.set('authorization', bearer);
  return plainFetch(input, { ...options, headers });
};

// Probes with headers that fetch would not send.
const plainRequest = http.request;
http.request = (...parts) => {
  const options = parts.find((part) => part && typeof part === 'object' && !(part instanceof URL));
  if (options && `${options.hostname ?? options.host}:${options.port}` === target) {
    options.headers = { ...options.headers, Authorization: bearer };
  }
  return plainRequest(...parts);
};
syncBuiltinESMExports();

// Probes under another Host.
const undici = createRequire(process.env.MCP_SUITE)('undici');
const withKey = (dispatch) => (options, handler) => {
  const has = /authorization/i.test(JSON.stringify(options.headers ?? {}));
  if (new URL(options.origin).host !== target || has) return dispatch(options, handler);
  const headers = Array.isArray(options.headers)
    ? [...options.headers, 'authorization', bearer]
    : { ...options.headers, authorization: bearer };
  return dispatch({ ...options, headers }, handler);
};
undici.setGlobalDispatcher(new undici.Agent().compose(withKey));
