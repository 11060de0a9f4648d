import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Secrets at rest: AES-256-GCM, as text `v1.iv.tag.text` (base64url). What a secret belongs to is authenticated with it, so that one
 * endpoint's cannot be put in another's place. Never logs, never prints.
 */
export interface SecretBox {
  seal(text: string, owner: string): string;
  /** Throws `SecretUnreadable` where it was sealed by another key, for another owner, or changed. */
  open(sealed: string, owner: string): string;
}

/** What is sealed does not open: another key, another owner, or changed. */
export class SecretUnreadable extends Error {
  override name = 'SecretUnreadable';
  readonly code = 'CAIRN_SECRET';
}

const KEY_FILE = 'secret.key';
/** The advice for GCM. */
const IV_BYTES = 12;

/** `keyText` of any length and form; 32 random bytes are best. */
export function createSecretBox(keyText: string): SecretBox {
  const key = createHash('sha256').update('cairn secrets v1\0').update(keyText).digest();
  return {
    seal(text, owner) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(owner));
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return ['v1', ...[iv, cipher.getAuthTag(), sealed].map((part) => part.toString('base64url'))].join('.');
    },
    open(sealed, owner) {
      const [version, ...parts] = sealed.split('.');
      const [iv, tag, text] = parts.map((part) => Buffer.from(part, 'base64url'));
      if (version !== 'v1' || !iv || !tag || !text || tag.length !== 16)
        throw new SecretUnreadable('this is no sealed secret');
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(owner)).setAuthTag(tag);
        return Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8');
      } catch (cause) {
        throw new SecretUnreadable('the secret was sealed by another key: was CAIRN_SECRET_KEY changed?', { cause });
      }
    },
  };
}

/** The key text: what the environment gave, else the one in the data directory, made on the first start and readable by its owner alone. */
export function loadSecretKey(dataDir: string, given: string | null): string {
  if (given !== null) return given;
  const file = join(dataDir, KEY_FILE);
  if (!existsSync(file)) {
    mkdirSync(dataDir, { recursive: true });
    try {
      writeFileSync(file, randomBytes(32).toString('base64url'), { mode: 0o600, flag: 'wx', flush: true });
    } catch (error) {
      // Another process of the same start was first.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  const key = readFileSync(file, 'utf8').trim();
  if (key === '') throw new Error(`${KEY_FILE} in the data directory is empty`);
  return key;
}
