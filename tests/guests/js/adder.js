// One tool in JavaScript, for the benchmarks: a component that brings an engine for the language.

const schema = {
  type: 'object',
  properties: { a: { type: 'integer' }, b: { type: 'integer' } },
  required: ['a', 'b'],
};

export const tools = {
  describe() {
    const add = {
      name: 'add',
      title: 'Add',
      description: 'Adds two numbers',
      inputSchema: JSON.stringify(schema),
      annotations: {},
      icons: [],
      taskSupport: 'forbidden',
      needs: { secrets: [], hosts: [], clientCapabilities: [], keyValue: false },
    };
    return [add];
  },

  call(name, args) {
    const { a, b } = JSON.parse(args);
    const content = [{ body: { tag: 'text', val: String(a + b) } }];
    return { tag: 'complete', val: { content } };
  },
};
