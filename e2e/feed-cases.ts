/** The live feed by the letter of API.md section 6, as named cases against a running product. Each has its own person and tokens: they run side by side. */
import { authentication } from './feed-cases/authentication.ts';
import { upgrades, commands } from './feed-cases/commands.ts';
import { channels } from './feed-cases/channels.ts';
import { resuming } from './feed-cases/resuming.ts';
import { slowReaders, tenants } from './feed-cases/readers.ts';
import { streams } from './feed-cases/streams.ts';
import type { FeedCase } from './feed-cases/feed-case.ts';

export const feedCases: readonly FeedCase[] = [
  ...authentication,
  ...upgrades,
  ...commands,
  ...channels,
  ...resuming,
  ...slowReaders,
  ...tenants,
  ...streams,
];
