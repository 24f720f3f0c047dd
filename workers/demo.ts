import type { Config } from './config.ts';
export async function playDemo(config: Config, say: (line: string) => void): Promise<number> {
  say(config.api.url);
  return 0;
}
