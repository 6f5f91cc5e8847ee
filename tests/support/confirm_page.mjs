// confirm_page.mjs HASH BUTTON STATUS: runs the script of a page of standard input as a browser would, presses a
// button, and prints what it sent and said. The server's answer has the status given.
import { readFileSync } from 'node:fs';
import vm from 'node:vm';

const [hash, pressed, status] = process.argv.slice(2);
const html = readFileSync(0, 'utf8');
const script = html.match(/<script>([^]*)<\/script>/)[1];
const buttons = [...html.matchAll(/<button value="(\w+)" disabled>/g)].map(([, value]) => ({
  value, disabled: true, addEventListener(_, pressing) { this.press = pressing; },
}));
const said = { textContent: '' };
const sent = [];
const location = { hash, pathname: '/v1/domain-validations/x/confirm' };
const seen = { url: null };
vm.runInNewContext(script, {
  location, JSON,
  history: { replaceState: (_state, _title, url) => { seen.url = url; } },
  document: { getElementById: () => said, querySelectorAll: () => buttons },
  fetch: async (url, options) => {
    sent.push({ url, method: options.method, type: options.headers['Content-Type'], body: JSON.parse(options.body) });
    if (status === '0') throw new Error('no network');
    return { ok: status < '300', status: Number(status), json: async () => ({ detail: `problem ${status}` }) };
  },
});
const button = buttons.find(({ value }) => value === pressed);
if (button && !button.disabled) await button.press();
await new Promise((done) => setTimeout(done, 20));
console.log(JSON.stringify({ sent, said: said.textContent, url: seen.url, disabled: buttons.map((b) => b.disabled) }));
