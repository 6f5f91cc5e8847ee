// A PKCS#10 request made by WebCrypto, as a browser would: node webcrypto_csr.mjs KIND > csr.der
// KIND is RSA:2048 ... RSA:4096 or EC:P-256, EC:P-384, EC:P-521.
const { subtle } = globalThis.crypto;
const [algorithm, detail] = process.argv[2].split(':');
const hash = { 'P-384': 'SHA-384', 'P-521': 'SHA-512' }[detail] ?? 'SHA-256';

const concat = (...parts) => new Uint8Array(parts.flatMap((part) => [...part]));
const tlv = (tag, ...parts) => {
  const body = concat(...parts);
  const length = body.length < 128 ? [body.length]
    : body.length < 256 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 255];
  return concat([tag], length, body);
};
const oid = (text) => {
  const [first, second, ...rest] = text.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const groups = [arc & 127];
    for (let left = arc >>> 7; left; left >>>= 7) groups.unshift((left & 127) | 128);
    bytes.push(...groups);
  }
  return tlv(0x06, bytes);
};
const integer = (bytes) => {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1;
  const trimmed = bytes.slice(start);
  return tlv(0x02, trimmed[0] & 128 ? concat([0], trimmed) : trimmed);
};

const generate = algorithm === 'RSA'
  ? { name: 'RSASSA-PKCS1-v1_5', modulusLength: Number(detail), publicExponent: new Uint8Array([1, 0, 1]), hash }
  : { name: 'ECDSA', namedCurve: detail };
const keys = await subtle.generateKey(generate, true, ['sign', 'verify']);
const spki = new Uint8Array(await subtle.exportKey('spki', keys.publicKey));
const name = tlv(0x30, tlv(0x31, tlv(0x30, oid('2.5.4.3'), tlv(0x0c, new TextEncoder().encode('webcrypto')))));
const info = tlv(0x30, tlv(0x02, [0]), name, spki, tlv(0xa0));
let signature = new Uint8Array(await subtle.sign({ name: generate.name, hash }, keys.privateKey, info));
let signer = tlv(0x30, oid('1.2.840.113549.1.1.11'), tlv(0x05));
if (algorithm === 'EC') {
  const half = signature.length / 2;
  signature = tlv(0x30, integer(signature.slice(0, half)), integer(signature.slice(half)));
  signer = tlv(0x30, oid({ 'SHA-256': '1.2.840.10045.4.3.2', 'SHA-384': '1.2.840.10045.4.3.3',
    'SHA-512': '1.2.840.10045.4.3.4' }[hash]));
}
process.stdout.write(tlv(0x30, info, signer, tlv(0x03, [0], signature)));
