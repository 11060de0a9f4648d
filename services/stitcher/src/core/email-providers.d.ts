/** The package ships no types: an array of domains. */
declare module 'email-providers' {
  const domains: readonly string[];
  export default domains;
}
