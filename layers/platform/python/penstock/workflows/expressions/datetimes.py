"""`DateTime`, `$now` and `$today` in JavaScript: a small, UTC-only subset of Luxon's DateTime as n8n's users know it.

Immutable. `valueOf` is milliseconds, so `$now - new Date(x)` and `<` work; `toJSON` and `toString` are ISO 8601.
Adding months or years keeps the day where the month has it, else takes the month's last day.
"""

from __future__ import annotations

from typing import Final

DATETIME: Final = """
const UNITS = { millisecond: 1, second: 1000, minute: 60000, hour: 3600000, day: 86400000, week: 604800000 };
const FIELDS = ["year", "month", "day", "hour", "minute", "second"];
const DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
  "November", "December"];
const singular = (unit) => (unit.endsWith("s") ? unit.slice(0, -1) : unit);
const pad = (number, width) => String(number).padStart(width, "0");
const RealDate = Date;
class DateTime {
  #date;
  constructor(ms) {
    this.#date = new RealDate(ms);
    if (Number.isNaN(this.#date.getTime())) throw new RangeError("invalid date or time");
  }
  static now() { return new DateTime(d.now); }
  static fromMillis(ms) { return new DateTime(ms); }
  static fromSeconds(seconds) { return new DateTime(seconds * 1000); }
  static fromISO(text) {
    const zoned = /^\\d{4}-\\d\\d-\\d\\dT[\\d:.,]+$/.test(text) ? text + "Z" : text;
    return new DateTime(RealDate.parse(zoned));
  }
  static fromJSDate(date) { return new DateTime(date.getTime()); }
  get year() { return this.#date.getUTCFullYear(); }
  get month() { return this.#date.getUTCMonth() + 1; }
  get day() { return this.#date.getUTCDate(); }
  get hour() { return this.#date.getUTCHours(); }
  get minute() { return this.#date.getUTCMinutes(); }
  get second() { return this.#date.getUTCSeconds(); }
  get millisecond() { return this.#date.getUTCMilliseconds(); }
  get weekday() { return this.#date.getUTCDay() || 7; }
  valueOf() { return this.#date.getTime(); }
  toMillis() { return this.#date.getTime(); }
  toSeconds() { return this.#date.getTime() / 1000; }
  toISO() { return this.#date.toISOString(); }
  toISODate() { return this.toISO().slice(0, 10); }
  toISOTime() { return this.toISO().slice(11); }
  toJSDate() { return new RealDate(this.#date.getTime()); }
  toJSON() { return this.toISO(); }
  toString() { return this.toISO(); }
  plus(amounts) { return this.#shift(amounts, 1); }
  minus(amounts) { return this.#shift(amounts, -1); }
  #shift(amounts, sign) {
    let months = 0, ms = 0;
    for (const [name, amount] of Object.entries(amounts)) {
      const unit = singular(name);
      if (unit === "year") months += 12 * amount;
      else if (unit === "quarter") months += 3 * amount;
      else if (unit === "month") months += amount;
      else if (unit in UNITS) ms += UNITS[unit] * amount;
      else throw new RangeError("unknown unit of time");
    }
    return new DateTime(this.#addMonths(sign * months).getTime() + sign * ms);
  }
  #addMonths(months) {
    const date = new RealDate(this.#date.getTime());
    const day = date.getUTCDate();
    date.setUTCDate(1);
    date.setUTCMonth(date.getUTCMonth() + months);
    const last = new RealDate(date.getTime());
    last.setUTCMonth(last.getUTCMonth() + 1, 0);
    date.setUTCDate(Math.min(day, last.getUTCDate()));
    return date;
  }
  startOf(name) {
    const unit = singular(name);
    if (unit === "week") return this.startOf("day").minus({ days: this.weekday - 1 });
    const kept = FIELDS.indexOf(unit);
    if (kept < 0) throw new RangeError("unknown unit of time");
    const parts = FIELDS.map((field, index) => (index <= kept ? this[field] : index < 3 ? 1 : 0));
    const date = new RealDate(0);
    date.setUTCFullYear(parts[0], parts[1] - 1, parts[2]);
    return new DateTime(date.setUTCHours(...parts.slice(3), 0));
  }
  endOf(name) { return this.startOf(name).plus({ [singular(name)]: 1 }).minus({ milliseconds: 1 }); }
  diff(other, name = "milliseconds") {
    const unit = singular(name);
    if (!Object.hasOwn(UNITS, unit)) throw new RangeError("unknown unit of time");
    const amount = (this.valueOf() - other.valueOf()) / UNITS[unit];
    return { [unit + "s"]: amount, as: (to) => amount * UNITS[unit] / UNITS[singular(to)] };
  }
  toFormat(format) {
    const hour12 = this.hour % 12 || 12;
    const tokens = {
      yyyy: pad(this.year, 4), yy: pad(this.year % 100, 2), MMMM: MONTHS[this.month - 1],
      MMM: MONTHS[this.month - 1].slice(0, 3), MM: pad(this.month, 2), M: this.month, dd: pad(this.day, 2),
      d: this.day, HH: pad(this.hour, 2), H: this.hour, hh: pad(hour12, 2), h: hour12, mm: pad(this.minute, 2),
      m: this.minute, ss: pad(this.second, 2), s: this.second, SSS: pad(this.millisecond, 3),
      a: this.hour < 12 ? "AM" : "PM", cccc: DAYS[this.weekday - 1], ccc: DAYS[this.weekday - 1].slice(0, 3),
      EEEE: DAYS[this.weekday - 1], EEE: DAYS[this.weekday - 1].slice(0, 3), c: this.weekday, E: this.weekday,
      ZZZ: "+0000", ZZ: "+00:00", Z: "+0", z: "UTC",
    };
    const pattern = /'([^']*)'|y{4}|yy|M{1,4}|d{1,2}|H{1,2}|h{1,2}|m{1,2}|s{1,2}|SSS|a|c{3,4}|c|E{3,4}|E|Z{1,3}|z/g;
    return format.replace(pattern, (token, quoted) => quoted ?? String(tokens[token] ?? token));
  }
}
"""

PINNED_DATE: Final = """
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, made) => Reflect.construct(target, args.length ? args : [d.now], made),
  apply: () => new RealDate(d.now).toString(),
  get: (target, name) => (name === "now" ? () => d.now : target[name]),
});
RealDate.prototype.constructor = globalThis.Date;
"""
