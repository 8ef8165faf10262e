/* The plugin: the q language of the application learns the k api, temporals, symbols, `%%py`. */

import { tokens } from './tokens.js';

const PYTHON = /^\s*%%py(thon)?\b/;

/* q as CodeMirror's language; a text that begins with %%py is Python. */
const language = ({ StreamLanguage, LanguageSupport }, python) => {
  const q = StreamLanguage.define(tokens);
  const stream = q.parser;
  q.parser = Object.assign(Object.create(stream), {
    createParse: (input, fragments, ranges) => {
      const isPython = python && PYTHON.test(input.read(0, Math.min(80, input.length)));
      return (isPython ? python.parser : stream).createParse(input, fragments, ranges);
    },
  });
  return new LanguageSupport(q, python?.support ?? []);
};

export const plugin = ({ IEditorLanguageRegistry }, codemirror) => ({
  id: 'kkernel:language',
  description: 'Colours q and the functions of the k api.',
  autoStart: true,
  requires: [IEditorLanguageRegistry],
  activate: (_app, registry) => {
    const load = async () => {
      const python = await registry.getLanguage('python').catch(() => null);
      const { language: parsed, support } = python?.support ?? {};
      return language(codemirror, parsed && { parser: parsed.parser, support });
    };
    const known = registry.findByName('q');
    if (known) Object.assign(known, { load, support: undefined });
    else registry.addLanguage({ name: 'q', mime: 'text/x-q', extensions: ['q'], load });
  },
});
