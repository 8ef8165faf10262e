// Runs the lab extension's tokenizer over texts without a browser: a JSON list of texts on standard
// input, for each a list of [style, text] on standard output.  For tests/kernel/test_colours.py.

import { readFileSync } from 'node:fs';

const { tokens } = await import(process.argv[2]);

// What tokens.js uses of CodeMirror's StringStream.
class Stream {
  constructor(string) { this.string = string; this.pos = 0; }
  sol() { return this.pos === 0; }
  eol() { return this.pos >= this.string.length; }
  peek() { return this.string[this.pos]; }
  next() { return this.string[this.pos++]; }
  eat(c) { return this.peek() === c ? this.next() : undefined; }
  skipToEnd() { this.pos = this.string.length; }
  eatSpace() {
    const start = this.pos;
    while (/[\s\u00a0]/.test(this.string.charAt(this.pos))) this.pos += 1;
    return this.pos > start;
  }
  match(pattern, consume = true) {
    const found = this.string.slice(this.pos).match(pattern);
    if (!found || found.index > 0) return null;
    if (consume) this.pos += found[0].length;
    return found;
  }
}

const styled = (text) => {
  const found = [];
  const state = tokens.startState();
  for (const line of text.split('\n')) {
    const stream = new Stream(line);
    while (!stream.eol()) {
      const start = stream.pos;
      const style = tokens.token(stream, state);
      if (stream.pos === start) throw new Error(`no progress at ${start} of ${line}`);
      found.push([style, line.slice(start, stream.pos)]);
    }
    found.push([null, '\n']);
  }
  return found;
};

console.log(JSON.stringify(JSON.parse(readFileSync(0, 'utf8')).map(styled)));
