#include "cli/html.h"

#include <fmt/format.h>

#include "cli/svg.h"

namespace twofour::cli {
namespace {

constexpr std::string_view kStyle = R"(
:root{--bg:#fff;--fg:#1d2329;--dim:#5d6873;--grid:#e3e7eb;--c0:#2f6fb2;--c1:#d9822b;--c2:#3a9d6e;--c3:#a64ca6;--c4:#8a6d3b;--c5:#c23b3b}
@media (prefers-color-scheme:dark){:root{--bg:#14181c;--fg:#e6e9ec;--dim:#98a3ad;--grid:#2b333a;--c0:#6aa5e0;--c1:#eea45c;--c2:#63c795;--c3:#cf86cf;--c4:#c2a76b;--c5:#e57373}}
body{background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,sans-serif;max-width:860px;margin:2em auto;padding:0 1em}
h1{font-size:1.6em}h2{font-size:1.2em;margin-top:2em}
table{border-collapse:collapse;font-size:13px;display:block;overflow-x:auto}
td,th{padding:3px 10px;border-bottom:1px solid var(--grid);text-align:left;white-space:nowrap}
td.r,th.r{text-align:right;font-variant-numeric:tabular-nums}
figure{margin:1em 0}figcaption{color:var(--dim);font-size:13px}
svg{max-width:100%;height:auto;font:12px system-ui,sans-serif}
svg .t{fill:var(--dim)}svg .v{fill:var(--dim);font-size:9px}svg .h{fill:var(--fg);font-weight:600;font-size:13px}
svg .g{stroke:var(--grid)}svg .m{stroke:var(--dim);stroke-dasharray:3 3}
svg .s0{fill:var(--c0)}svg .s1{fill:var(--c1)}svg .s2{fill:var(--c2)}svg .s3{fill:var(--c3)}svg .s4{fill:var(--c4)}svg .s5{fill:var(--c5)}
svg .ls0{stroke:var(--c0)}svg .ls1{stroke:var(--c1)}svg .ls2{stroke:var(--c2)}svg .ls3{stroke:var(--c3)}svg .ls4{stroke:var(--c4)}svg .ls5{stroke:var(--c5)}
svg polyline{stroke-width:2}
)";

}  // namespace

void HtmlPage::heading(std::string_view text) { body_ += fmt::format("<h2>{}</h2>\n", escape_xml(text)); }
void HtmlPage::paragraph(std::string_view text) { body_ += fmt::format("<p>{}</p>\n", escape_xml(text)); }

void HtmlPage::table(const Table& table) {
  const auto row = [&](const std::vector<std::string>& cells, std::string_view tag) {
    body_ += "<tr>";
    for (size_t c = 0; c < cells.size(); ++c)
      body_ += fmt::format("<{0}{1}>{2}</{0}>", tag, table.right_aligned(c) ? " class=\"r\"" : "",
                           escape_xml(cells[c]));
    body_ += "</tr>\n";
  };
  body_ += "<table>\n";
  row(table.headers(), "th");
  for (const auto& cells : table.rows()) row(cells, "td");
  body_ += "</table>\n";
}

void HtmlPage::figure(std::string_view svg, std::string_view caption) {
  body_ += fmt::format("<figure>{}<figcaption>{}</figcaption></figure>\n", svg, escape_xml(caption));
}

std::string HtmlPage::str() const {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>{0}</title>\n"
      "<style>{1}</style></head>\n<body>\n<h1>{0}</h1>\n{2}</body></html>\n",
      escape_xml(title_), kStyle, body_);
}

}  // namespace twofour::cli
