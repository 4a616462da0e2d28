// The first letters of Chinese words as people type them to find something: 路灯 is ld.

/** The first character of each initial, in the order in which pinyin sorts them; i, u and v begin no syllable. */
const FIRST = [..."阿八嚓哒妸发旮哈讥咔垃妈拏噢妑七呥扨他穵夕丫帀"];
const LETTERS = "abcdefghjklmnopqrstwxyz";
const collator = new Intl.Collator("zh-Hans-CN-u-co-pinyin");
/** Whether this browser sorts by pinyin at all. */
const knows = collator.compare("阿", "帀") < 0 && collator.compare("路", "灯") > 0;
/** @type {Map<string, string>} */
const known = new Map();

/** @param {string} sign */
function initial(sign) {
  if (!/[㐀-鿿]/.test(sign)) return sign.toLowerCase();
  let letter = known.get(sign);
  if (letter === undefined) {
    let at = FIRST.length - 1;
    while (at > 0 && collator.compare(sign, FIRST[at] ?? "") < 0) at -= 1;
    letter = LETTERS[at] ?? "";
    known.set(sign, letter);
  }
  return letter;
}

/** @param {string} text */
export const initials = (text) => (knows ? [...text].map(initial).join("") : "");
