/** The units a manifest may be written in. Each parser answers null for text that is not of its form: the schema refuses it first. */

const MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const BYTES: Readonly<Record<string, number>> = {
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

export const durationPattern = /^(\d{1,9})(ms|s|m|h|d)$/;
export const memoryPattern = /^(\d{1,15})(k|M|G|T|Ki|Mi|Gi|Ti)?$/;
export const cpuPattern = /^(?:(\d{1,6})m|(\d{1,4}(?:\.\d{1,3})?))$/;
export const moneyPattern = /^(\d{1,9}(?:\.\d{1,6})?) ([A-Z]{3})$/;

/** `30s`, `500ms`, `15m`, `2h`, `30d` in milliseconds. */
export function parseDuration(text: string): number | null {
  const match = durationPattern.exec(text);
  return match ? Number(match[1]) * (MS[match[2] ?? ""] ?? 0) : null;
}

/** `256Mi`, `1G`, or a number of bytes, in bytes. */
export function parseMemory(text: string | number): number | null {
  if (typeof text === "number") return Number.isSafeInteger(text) && text >= 0 ? text : null;
  const match = memoryPattern.exec(text);
  const bytes = match ? Number(match[1]) * (BYTES[match[2] ?? ""] ?? 0) : null;
  return bytes !== null && Number.isSafeInteger(bytes) ? bytes : null;
}

/** `500m`, `2`, `0.5` or a number of CPUs, in thousandths of a CPU. */
export function parseCpu(text: string | number): number | null {
  const match = cpuPattern.exec(String(text));
  if (!match) return null;
  return match[1] === undefined ? Math.round(Number(match[2]) * 1000) : Number(match[1]);
}

/** `0.05 EUR` in millionths of the currency, with the currency. Exact: no floating point between the text and the micros. */
export function parseMoney(text: string): { readonly micros: number; readonly currency: string } | null {
  const match = moneyPattern.exec(text);
  if (!match) return null;
  const [whole = "0", fraction = ""] = (match[1] ?? "").split(".");
  return { micros: Number(whole) * 1_000_000 + Number(fraction.padEnd(6, "0")), currency: match[2] ?? "" };
}

/** ISO 4217 codes of money in use. */
export const currencies: ReadonlySet<string> = new Set(
  (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR " +
    "IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG " +
    "SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG"
  ).split(" "),
);
