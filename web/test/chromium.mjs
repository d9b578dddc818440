// A headless Chromium, spoken to by the Chrome DevTools Protocol over a pipe (file descriptors 3 and 4, messages end with a
// zero byte), which needs no package.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export function findChromium() {
  for (const name of [process.env.CHROMIUM, 'chromium', 'chromium-browser', 'google-chrome']) {
    if (name && spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0) return name;
  }
  return null;
}

export class Chromium {
  constructor(program) {
    this.profile = mkdtempSync(join(tmpdir(), 'cryomer_chromium_'));
    // Software WebGL, so that pixels come out the same with and without a graphics card.
    this.process = spawn(program, ['--headless=new', '--no-sandbox', '--disable-dev-shm-usage', '--use-angle=swiftshader', '--enable-unsafe-swiftshader',
      '--remote-debugging-pipe', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--hide-scrollbars',
      `--user-data-dir=${this.profile}`, 'about:blank'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
    this.waiting = new Map();
    this.listeners = [];
    this.pages = [];
    this.last = 0;
    let rest = Buffer.alloc(0);
    this.process.stdio[4].on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0)) {
        this.receive(JSON.parse(rest.subarray(0, end).toString('utf8')));
        rest = rest.subarray(end + 1);
      }
    });
    this.process.on('exit', () => {
      for (const { reject } of this.waiting.values()) reject(new Error('Chromium has gone'));
      this.waiting.clear();
    });
  }

  receive(message) {
    if (message.id === undefined) {
      this.listeners.forEach((listener) => listener(message));
      return;
    }
    const { resolve, reject } = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if (message.error) reject(new Error(`${message.error.message} ${message.error.data ?? ''}`));
    else resolve(message.result);
  }

  send(method, params = {}, sessionId = undefined) {
    const id = ++this.last;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }

  async open({ width = 1366, height = 900, dark = false, script = true, media = '' } = {}) {
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true });
    const page = new Page(this, sessionId, targetId);
    this.pages.push(page);
    for (const domain of ['Page', 'Runtime', 'Network', 'Log']) await page.send(`${domain}.enable`);
    await page.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false });
    await page.send('Emulation.setEmulatedMedia', { media, features: [{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }] });
    if (!script) await page.send('Emulation.setScriptExecutionDisabled', { value: true });
    return page;
  }

  async closePages() {
    for (const page of this.pages.splice(0)) await this.send('Target.closeTarget', { targetId: page.target });
    this.listeners = [];
  }

  async close() {
    const gone = new Promise((resolve) => this.process.once('exit', resolve));
    this.send('Browser.close').catch(() => {});
    const timer = setTimeout(() => this.process.kill('SIGKILL'), 5000);
    await gone;
    clearTimeout(timer);
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

class Page {
  constructor(browser, session, target) {
    Object.assign(this, { browser, session, target, problems: [], requests: [] });
    browser.listeners.push((message) => {
      if (message.sessionId !== session) return;
      const p = message.params;
      if (message.method === 'Runtime.exceptionThrown') this.problems.push(p.exceptionDetails.exception?.description ?? p.exceptionDetails.text);
      if (message.method === 'Runtime.consoleAPICalled' && ['error', 'warning', 'assert'].includes(p.type)) {
        this.problems.push(p.args.map((a) => a.value ?? a.description).join(' '));
      }
      if (message.method === 'Log.entryAdded' && p.entry.level === 'error') this.problems.push(p.entry.text);
      if (message.method === 'Network.requestWillBeSent') this.requests.push(p.request.url);
    });
  }

  send(method, params = {}) { return this.browser.send(method, params, this.session); }

  async load(url) {
    const loaded = new Promise((resolve) => this.browser.listeners.push((m) => {
      if (m.sessionId === this.session && m.method === 'Page.loadEventFired') resolve();
    }));
    await this.send('Page.navigate', { url });
    await loaded;
  }

  // The value of an expression, awaited.
  async value(expression) {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
    return result.value;
  }

  async until(expression, seconds = 60) {
    for (const end = Date.now() + 1000 * seconds; Date.now() < end;) {
      const value = await this.value(expression);
      if (value) return value;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`not within ${seconds} s: ${expression}`);
  }

  async mouse(type, x, y, buttons = 0) {
    await this.send('Input.dispatchMouseEvent', { type, x, y, button: buttons || type === 'mouseReleased' ? 'left' : 'none', buttons, clickCount: 1 });
  }

  async click(x, y) {
    await this.mouse('mouseMoved', x, y);
    await this.mouse('mousePressed', x, y, 1);
    await this.mouse('mouseReleased', x, y);
  }

  // PNG bytes of what is seen, or of the whole page.
  async screenshot({ whole = false } = {}) {
    const { data } = await this.send('Page.captureScreenshot', { format: 'png', captureBeyondViewport: whole });
    return Buffer.from(data, 'base64');
  }

  async pdf() {
    const { data } = await this.send('Page.printToPDF', { printBackground: true, preferCSSPageSize: true });
    return Buffer.from(data, 'base64');
  }
}
