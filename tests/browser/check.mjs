// Opens pages of `bench report` in a real browser, without a window, and tries what a reader would.
//
// Usage: node check.mjs CHROMIUM PAGE RUN… [--shots FOLDER]
//
// Exits with 1 and says what failed: an error on the console, anything fetched, a run that does not appear, sorting or
// filtering that does not work, something that axe finds serious, a page that is wider than a telephone.

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { readFileSync, mkdirSync } from "node:fs";

const packages = createRequire(process.env.BROWSER_PACKAGES ? `${process.env.BROWSER_PACKAGES}/x.js` : import.meta.url);
const { chromium } = packages("playwright-core");
const axe = readFileSync(packages.resolve("axe-core/axe.min.js"), "utf8");

const args = process.argv.slice(2);
const shotsAt = args.indexOf("--shots");
const shots = shotsAt < 0 ? null : args.splice(shotsAt, 2)[1];
const [executablePath, file, ...runs] = args;
const url = pathToFileURL(file).href;
const problems = [];
const holds = (what, is) => { if (!is) problems.push(what); };

// Long enough for a machine that is busy with other things; nothing here is about time.
const timeout = 300_000;
const browser = await chromium.launch({ executablePath, timeout, args: ["--no-sandbox", "--disable-gpu"] });

/** A page at a width; errors and requests are noted. */
async function open(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 1000 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(timeout);
  page.on("console", (message) => { if (["error", "warning"].includes(message.type())) problems.push(`console: ${message.text()}`); });
  page.on("pageerror", (error) => problems.push(`script: ${error.message}`));
  page.on("request", (request) => { if (request.url() !== url && !request.url().startsWith("data:")) problems.push(`fetched ${request.url()}`); });
  page.on("dialog", (dialog) => { problems.push(`a dialog: ${dialog.message()}`); dialog.dismiss(); });
  await page.goto(url);
  return page;
}

// Elements that axe examines all of; it takes a minute for fifty thousand.
const MOST_ELEMENTS = 12000;
let examined = false;

/** Leaves the first few of what is there many times: the same code wrote the others. */
const thin = (page) => page.evaluate(() => {
  const many = [[".panels", ":scope > .panel", 2], [".panel", ":scope > .model", 3], [".tracks ul", "li", 3],
    [".heat tbody", "tr", 4], [".data tbody", "tr", 4], [".drawing", "circle", 20]];
  for (const [whole, part, first] of many)
    for (const one of document.querySelectorAll(whole)) [...one.querySelectorAll(part)].slice(first).forEach((more) => more.remove());
});

/** What axe finds serious: once of the whole page unless it is large, and then of a part of each kind. */
async function accessible(page, where) {
  const elements = await page.evaluate(() => document.querySelectorAll("*").length);
  if (examined || elements > MOST_ELEMENTS) await thin(page);
  examined = true;
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run({ resultTypes: ["violations"] }));
  for (const { id, impact, nodes } of found.violations) {
    if (["serious", "critical"].includes(impact)) problems.push(`axe, ${where}: ${id} (${impact}) at ${nodes.slice(0, 3).map((node) => node.target).join(" ")}`);
  }
}

const rowsOf = (page, table = 0) => page.locator(".board").nth(table).locator("tbody tr:visible");
const texts = (locator) => locator.evaluateAll((cells) => cells.map((cell) => cell.textContent.trim()));

// Every run appears, and hostile names did nothing.
{
  const page = await open();
  const text = await page.locator("body").innerText() + await page.locator("body").textContent();
  for (const run of runs) holds(`the run ${run} does not appear`, text.includes(run));
  holds("a name ran as a script", !(await page.evaluate(() => window.hacked)));
  holds("a name became an element", await page.locator("bdi *").count() === 0);

  // Sorting.
  const board = page.locator(".board").first();
  const heads = await texts(board.locator("thead th"));
  const column = heads.indexOf("F1");
  const values = async () => (await texts(board.locator(`tbody tr:not(.failed) > :nth-child(${column + 1})`))).map(Number);
  await board.locator("thead th button", { hasText: "F1" }).first().click();
  let found = await values();
  holds(`not the best first: ${found}`, found.every((value, at) => at === 0 || found[at - 1] >= value));
  await board.locator("thead th button", { hasText: "F1" }).first().click();
  found = await values();
  holds(`not the worst first: ${found}`, found.every((value, at) => at === 0 || found[at - 1] <= value));
  holds("the head does not say how it is sorted", await board.locator("th[aria-sort=ascending]").count() === 1);
  await page.keyboard.press("Enter");
  holds("the keyboard does not sort", await board.locator("th[aria-sort=descending]").count() === 1);

  // Filtering by name, family and protocol.
  const all = await rowsOf(page).count();
  const some = (await rowsOf(page).first().getAttribute("data-n")).slice(0, 4);
  await page.locator(".filters input").fill(some);
  const left = await rowsOf(page).evaluateAll((rows) => rows.map((row) => row.dataset.n));
  holds(`the filter ${some} leaves ${left}`, left.length > 0 && left.every((name) => name.toLowerCase().includes(some.toLowerCase())));
  await page.locator(".filters input").fill("no such model");
  holds("the filter hides nothing", await rowsOf(page).count() === 0);
  holds("the filter does not say what it left", (await page.locator(".filters output").textContent()).startsWith("0 of"));
  await page.locator(".filters input").fill("");
  holds("rows do not come back", await rowsOf(page).count() === all);
  const family = page.locator(".filters select[name=f]");
  if (await family.count()) {
    const wanted = await family.locator("option").nth(1).getAttribute("value");
    await family.selectOption(wanted);
    const families = await rowsOf(page).evaluateAll((rows) => rows.map((row) => row.dataset.f));
    holds(`the family ${wanted} leaves ${families}`, families.every((own) => own === wanted));
    await family.selectOption("");
  }
  const protocol = page.locator(".filters select[name=p]");
  if (await protocol.count()) {
    await protocol.selectOption({ index: 1 });
    holds("one protocol is not all that is left", await page.locator(".board:visible").count() === 1);
    await protocol.selectOption("");
    holds("protocols do not come back", await page.locator(".board:visible").count() === runs.length);
  }

  // Tooltips, tracks behind a cell, light and dark.
  const mark = page.locator("#cost .wide circle:visible").first();
  await mark.scrollIntoViewIfNeeded();
  await mark.hover({ force: true });
  holds("there is no tooltip", (await page.locator(".tip").textContent()).includes(":") && await page.locator(".tip").isVisible());
  const model = page.locator("details.model[open]").first();
  const behind = await model.locator(".tracks li").first().getAttribute("data-c").catch(() => null);
  if (behind) {
    const [row, cell] = behind.split(",").map(Number);
    await model.locator(".heat tbody tr").nth(row).locator("td").nth(cell).click();
    holds("a cell does not show its tracks", await model.locator(".tracks li.at:visible").count() === 1);
  }
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const before = await ground();
  await page.locator(".theme").click();
  holds("the button changes no colour", before !== await ground());
}

// At three widths, by light and by night.
for (const width of [390, 820, 1440]) {
  for (const colorScheme of ["light", "dark"]) {
    const page = await open({ viewport: { width, height: 1000 }, colorScheme });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    holds(`${wide} pixels are wider than a screen of ${width}`, wide <= width);
    holds("a picture is not shown once", await page.evaluate(() =>
      [...document.querySelectorAll("figure:has(.drawing)")].every((figure) =>
        !figure.checkVisibility() || [...figure.querySelectorAll(".drawing")].filter((one) => one.checkVisibility()).length === 1)));
    if (shots) {
      mkdirSync(shots, { recursive: true });
      await page.screenshot({ path: `${shots}/${width}-${colorScheme}.png`, fullPage: true });
    }
    await accessible(page, `${width}, ${colorScheme}`);
    await page.context().close();
  }
}

// Without its script.
{
  const page = await open({ javaScriptEnabled: false });
  holds("there is a filter that cannot work", !(await page.locator(".filters").isVisible()));
  holds("there are no rows without the script", await rowsOf(page).count() > 0);
  const details = page.locator("details.numbers").first();
  await details.locator("summary").click();
  holds("the numbers do not open without the script", await details.locator("table").isVisible());
}

// In print, and with the keyboard alone.
{
  const page = await open();
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  holds(`print is on ${ground}`, ground === "rgb(255, 255, 255)");
  holds("print has a filter", !(await page.locator(".filters").isVisible()));
  if (shots) await page.pdf({ path: `${shots}/print.pdf`, format: "A4" });
  await page.emulateMedia({ media: "screen", colorScheme: "light" });
  await page.keyboard.press("Tab");
  holds("the first stop is no link to the results", (await page.evaluate(() => document.activeElement.getAttribute("href"))) === "#main");
}

await browser.close();
problems.forEach((problem) => console.log(`PROBLEM: ${problem}`));
console.log(problems.length ? `${problems.length} problems` : "the page works");
process.exit(problems.length ? 1 : 0);
