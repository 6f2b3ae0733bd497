/** Opens a page, given by path or address, in whatever browser the desktop has. */
import { spawn } from 'node:child_process';

export function openInBrowser(page: string): void {
  const opener = process.platform === 'darwin' ? 'open' : 'xdg-open';
  const child = spawn(opener, [page], { stdio: 'ignore', detached: true });
  // Without a desktop there is no opener; where the page is stands on the screen.
  child.on('error', () => undefined);
  child.unref();
}
