// Numbers as the language of the page writes them: 0.5, or 0,5.

/** Return `number` with at most `digits` decimals, or with exactly so many if `fixed`. */
export function decimal(number, { digits = 1, fixed = false } = {}) {
  const { lang } = document.documentElement;
  const least = fixed ? digits : 0;
  const form = { minimumFractionDigits: least, maximumFractionDigits: digits, useGrouping: false };
  return new Intl.NumberFormat(lang || undefined, form).format(number);
}
