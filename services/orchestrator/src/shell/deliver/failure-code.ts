/** The closed list of why an attempt failed (API.md section 4), beside `http_<status>`; docs/protocols/webhooks.md says each in words. */
export const FAILURE_CODES = [
  'dns_error',
  'connection_refused',
  'connection_reset',
  'network_unreachable',
  'tls_error',
  'timeout',
  'target_forbidden',
  'proxy_error',
  'response_too_large',
  // Our key does not open what is sealed for the endpoint: was CAIRN_SECRET_KEY changed?
  'secret_unreadable',
] as const;

export type FailureCode = (typeof FAILURE_CODES)[number] | `http_${number}`;

/** Of a metric: a receiver may answer with any three digits. */
export function codeLabel(code: string | null): string {
  if (code === null) return 'ok';
  return code.startsWith('http_') && !/^http_[1-5]\d\d$/.test(code) ? 'http_other' : code;
}

const CODES: Readonly<Record<string, FailureCode>> = {
  CAIRN_PROXY: 'proxy_error',
  CAIRN_SECRET: 'secret_unreadable',
  ENOTFOUND: 'dns_error',
  EAI_AGAIN: 'dns_error',
  ECONNREFUSED: 'connection_refused',
  ENETUNREACH: 'network_unreachable',
  EHOSTUNREACH: 'network_unreachable',
  ENETDOWN: 'network_unreachable',
  EHOSTDOWN: 'network_unreachable',
  EADDRNOTAVAIL: 'network_unreachable',
  EACCES: 'network_unreachable',
  EPERM: 'network_unreachable',
  ETIMEDOUT: 'timeout',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_OVERFLOW: 'response_too_large',
  EPROTO: 'tls_error',
  SELF_SIGNED_CERT_IN_CHAIN: 'tls_error',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tls_error',
  HOSTNAME_MISMATCH: 'tls_error',
  INVALID_CA: 'tls_error',
};
const TLS = /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|CRL_|ERROR_IN_C)/;

/** What a fault of the exchange is called. An answer that is no HTTP, like a connection cut short, is `connection_reset`. */
export function failureCode(error: unknown): FailureCode {
  for (let fault = error, depth = 0; fault && depth < 5; depth++) {
    const { code, errors, cause } = fault as { code?: unknown; errors?: unknown[]; cause?: unknown };
    if (typeof code === 'string') {
      if (CODES[code]) return CODES[code];
      if (TLS.test(code)) return 'tls_error';
    }
    // Several addresses were tried: the first fault stands for all.
    fault = Array.isArray(errors) && errors.length > 0 ? errors[0] : cause;
  }
  return 'connection_reset';
}
