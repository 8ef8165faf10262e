/* q as a stream of tokens, for CodeMirror's StreamLanguage.  kkernel/lexer.py has the same rules
   for pygments; tests/kernel/test_colours.py compares the two. */

import { FUNCTIONS, KEYWORDS, STATEMENTS } from './words.js';

const NAME = /^\.?[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)*/;
const SYMBOL = /^`(?:[A-Za-z0-9.][\w.]*)?(?::[\w.:/]*)?/;
const OPERATOR = /^(?:::|[/\\']:?|<=:?|>=:?|<>:?|[-+*%&|^=<>~!@#$?_,.]:?|:)/;
const BRACKET = /^[()[\]{}]/;
const NOUN_ENDS = /[\w\])}"`.]/;
const TEMPORAL = new RegExp('^-?(?:\\d{4}\\.\\d\\d\\.\\d\\d(?:[DT][\\d:.]*)?|\\d{4}\\.\\d\\dm'
  + '|\\d+D[\\d:.]*|\\d{2,}:\\d\\d(?::\\d\\d(?:\\.\\d+)?)?|(?:0[NnWw]|\\d+)[pmdznuvt])(?!\\w)');
const FILE_OPERATOR = /^[012]:(?!:)/;
const NUMBER = new RegExp('^(?:0x[0-9a-fA-F]*|[01]+b(?!\\w)|-?(?:0[NnWw][a-z]?(?!\\w)'
  + '|(?:\\d+\\.?\\d*|\\.\\d+)(?:e[-+]?\\d+)?[a-z]?))');

/* What only the start of a line can be: pattern, style, what it does to the state. */
const LINES = [
  [/^\/\s*$/, 'comment', (state) => { state.inBlock = true; }],
  [/^\\\s*$/, 'comment', (state) => { state.ended = !state.first; }],
  [/^\/.*/, 'comment'],
  [/^\\ts?(?::\d+)?(?=\s)/, 'meta'], // an expression follows
  [/^\\\w.*/, 'meta'],
  [/^(?:q(?:\.[\w.]*)?\)+|[a-pr-zA-Z]\)) ?/, 'meta'],
  [/^%%.*/, 'meta'],
  [/^%\w+/, 'meta'],
];

const string = (stream, state) => {
  state.inString = true;
  while (!stream.eol()) {
    const c = stream.next();
    if (c === '\\') stream.next();
    else if (c === '"') { state.inString = false; break; }
  }
  return 'string';
};

const name = (word, stream) => {
  if (stream.match(/^\s*::?\s*\{/, false)) return 'variableName.definition';
  if (STATEMENTS.has(word) || KEYWORDS.has(word)) return 'keyword';
  if (stream.match(/^\s*:/, false)) return 'variableName';
  return FUNCTIONS.has(word) ? 'variableName.standard' : 'variableName';
};

const lineStart = (stream, state) => {
  for (const [pattern, style, effect] of LINES) {
    if (stream.match(pattern)) {
      effect?.(state);
      return style;
    }
  }
  return undefined;
};

const token = (stream, state) => {
  if (state.inString) return string(stream, state);
  if (state.ended || state.inBlock) {
    if (stream.sol() && stream.match(/^\\\s*$/)) state.inBlock = false;
    stream.skipToEnd();
    return 'comment';
  }
  if (stream.sol()) {
    const style = lineStart(stream, state);
    state.first = false;
    if (style) return style;
  }
  if (stream.eatSpace()) {
    if (stream.peek() !== '/') return null;
    stream.skipToEnd();
    return 'comment';
  }
  return inLine(stream, state);
};

const inLine = (stream, state) => {
  const signed = stream.peek() === '-'
    && stream.pos > 0 && NOUN_ENDS.test(stream.string[stream.pos - 1]);
  if (!signed && stream.match(TEMPORAL)) return 'atom';
  if (stream.match(FILE_OPERATOR)) return 'operator';
  if (!signed && stream.match(NUMBER)) return 'number';
  if (stream.eat('"')) return string(stream, state);
  if (stream.match(SYMBOL)) return 'string.special';
  const word = stream.match(NAME);
  if (word) return name(word[0], stream);
  const bracket = stream.match(BRACKET);
  if (bracket) {
    state.depth = Math.max(0, state.depth + ('([{'.includes(bracket[0]) ? 1 : -1));
    return 'bracket';
  }
  if (stream.match(OPERATOR)) return 'operator';
  return stream.next() === ';' ? 'punctuation' : null;
};

export const tokens = {
  name: 'q',
  startState: () => ({ first: true, inString: false, inBlock: false, ended: false, depth: 0 }),
  token,
  // a line that continues another begins with a blank
  indent: ({ depth }, after, { unit }) => (!depth ? 0 : /^[)\]}]/.test(after) ? 1 : unit),
  languageData: {
    commentTokens: { line: '/' },
    closeBrackets: { brackets: ['(', '[', '{', '"'] },
    wordChars: '.',
    indentOnInput: /^\s*[)\]}]$/,
  },
};
