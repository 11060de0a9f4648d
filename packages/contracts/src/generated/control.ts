/* Generated from schemas/control by `npm run generate`. Do not edit. */

export type ControlFile =
  | WorkspacePut
  | TokenPut
  | TokenWithdrawn
  | DefinitionPut
  | EndpointPut
  | EndpointRemoved
  | SourcePut
  | DefinitionLive
  | DefinitionVersion
  | ErasureTold;

export interface WorkspacePut {
  type: 'workspace.put';
  workspace: string;
  name: string;
  /**
   * epoch ms
   */
  createdAt: number;
}
export interface TokenPut {
  type: 'token.put';
  workspace: string;
  /**
   * tok_…
   */
  id: string;
  name: string;
  scopes: ('ingest' | 'read' | 'act' | 'admin' | 'installation')[];
  /**
   * sha-256 of the token, hex
   */
  hash: string;
  /**
   * epoch ms
   */
  createdAt: number;
  /**
   * epoch ms
   */
  expiresAt: number | null;
  /**
   * a write key: scope ingest, may be public
   */
  writeKey: boolean;
}
export interface TokenWithdrawn {
  type: 'token.withdrawn';
  workspace: string;
  id: string;
  /**
   * epoch ms
   */
  at: number;
}
export interface DefinitionPut {
  type: 'definition.put';
  workspace: string;
  name: string;
  version: number;
  /**
   * as loaded, checked
   */
  definition: {
    [k: string]: unknown;
  };
  by: string;
  /**
   * epoch ms
   */
  at: number;
  /**
   * the text as it was written (YAML or JSON)
   */
  source?: string;
  /**
   * the version whose text was put again
   */
  restoredFrom?: number;
}
export interface EndpointPut {
  type: 'endpoint.put';
  workspace: string;
  endpoint: Endpoint;
  /**
   * epoch ms
   */
  at: number;
}
export interface Endpoint {
  /**
   * ep_…
   */
  id: string;
  workspace: string;
  url: string;
  /**
   * patterns: alert.*, journey.won, *
   */
  types: string[];
  secrets: {
    /**
     * encrypted: v1.iv.tag.text, base64url
     */
    key: string;
    scheme: 'v1' | 'v1a';
    /**
     * epoch ms: end of a rotation's overlap
     */
    until: number | null;
  }[];
  preset: string | null;
  fifo: boolean;
  /**
   * deliveries per second
   */
  rateLimit: number | null;
  /**
   * attempts at once; null or absent: 8
   */
  concurrency?: number | null;
  /**
   * N entries are N retries
   *
   * Items: ms
   */
  schedule: number[];
  state: 'enabled' | 'disabled';
  disabledReason: string | null;
  headers: {
    [k: string]: unknown;
  };
  /**
   * epoch ms
   */
  createdAt: number;
  version: number;
  /**
   * thin: ids only; absent: full
   */
  payload?: 'full' | 'thin';
  /**
   * a condition over type and data: only what matches is sent
   */
  filter?: {
    [k: string]: unknown;
  } | null;
  /**
   * JSONata: makes the body of { type, timestamp, data }
   */
  template?: string | null;
  auth?: OAuthClient | ClientCertificate | null;
  /**
   * epoch ms: since when it is disabled; null or absent: it is not, or nobody knows
   */
  disabledAt?: number | null;
}
export interface OAuthClient {
  type: 'oauth2';
  tokenUrl: string;
  clientId: string;
  /**
   * encrypted: v1.iv.tag.text
   */
  clientSecret: string;
  scope: string | null;
}
export interface ClientCertificate {
  type: 'mtls';
  /**
   * PEM
   */
  certificate: string;
  /**
   * encrypted: v1.iv.tag.text
   */
  key: string;
}
export interface EndpointRemoved {
  type: 'endpoint.removed';
  workspace: string;
  id: string;
  /**
   * epoch ms
   */
  at: number;
}
export interface SourcePut {
  type: 'source.put';
  workspace: string;
  id: string;
  name: string;
  /**
   * JSONata
   */
  mapping: string;
  /**
   * epoch ms
   */
  at: number;
}
/**
 * Written by the control task in the commit that puts the version into every partition of `journey-inbox`: a touchpoint sent after it is advanced by this version.
 */
export interface DefinitionLive {
  type: 'definition.live';
  workspace: string;
  name: string;
  version: number;
  /**
   * epoch ms
   */
  at: number;
}
/**
 * A version that is or was live, kept for people: its key is a slot of its definition, so that the newest 50 are there. Nothing is advanced by it.
 */
export interface DefinitionVersion {
  type: 'definition.version';
  workspace: string;
  name: string;
  version: number;
  /**
   * the text as it was written (YAML or JSON)
   */
  source: string;
  /**
   * the version whose text was put again
   */
  restoredFrom?: number;
  by: string;
  /**
   * epoch ms
   */
  at: number;
}
/**
 * A person was erased: what topics with retention still hold of them is neither shown nor sent by whoever reads them. Names nobody but by id.
 */
export interface ErasureTold {
  type: 'erasure.told';
  workspace: string;
  personId: string;
  absorbed: string[];
  /**
   * sha256 of workspace and namespace:value of identifiers that are never to be stored again; absent: none
   */
  suppressed?: string[];
  /**
   * epoch ms
   */
  at: number;
}
