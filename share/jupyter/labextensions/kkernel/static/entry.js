/* The extension as a module-federation container, written by hand: JupyterLab 4 and Notebook 7
   load this script, hand their shared modules to `init` and ask `get` for the plugin.  Nothing is
   built, so installing needs no Node. */
(() => {
  const folder = document.currentScript.src.replace(/[^/]*$/, '');
  let shared;

  /* A module that the application shares; the newest where there are several. */
  const load = async (name) => {
    const versions = shared[name];
    if (!versions) throw new Error(`kkernel: this application does not share ${name}`);
    const newest = Object.keys(versions).sort((a, b) =>
      a.localeCompare(b, 'en', { numeric: true })).pop();
    return (await versions[newest].get())();
  };

  const extension = async () => {
    const [{ plugin }, codemirror, language] = await Promise.all([
      import(folder + 'plugin.js'), load('@jupyterlab/codemirror'), load('@codemirror/language')]);
    return { __esModule: true, default: plugin(codemirror, language) };
  };

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB.kkernel = {
    init: (scope) => { shared = scope; },
    get: async (name) => {
      if (name !== './extension') throw new Error(`kkernel has no module ${name}`);
      const module = await extension();
      return () => module;
    },
  };
})();
