#include "cli/train_report.h"

#include "cli/chart.h"
#include "cli/html.h"

namespace twofour::cli {
namespace {

Series series(const std::string& name, const std::vector<EpochResult>& results,
              double (*value)(const EpochResult&)) {
  Series s{name, {}, {}};
  for (const EpochResult& r : results) {
    s.x.push_back(static_cast<double>(r.train.epoch + 1));
    s.y.push_back(value(r));
  }
  return s;
}

}  // namespace

std::string loss_chart(const std::vector<Curve>& curves) {
  std::vector<Series> all;
  for (const Curve& c : curves)
    all.push_back(series(c.name, *c.results, [](const EpochResult& r) { return r.train.loss; }));
  return line_chart({"Training loss", "epoch", "loss"}, all);
}

std::string accuracy_chart(const std::vector<Curve>& curves) {
  std::vector<Series> all;
  for (const Curve& c : curves)
    all.push_back(series(c.name, *c.results, [](const EpochResult& r) { return r.test_accuracy * 100; }));
  return line_chart({"Test accuracy", "epoch", "%"}, all);
}

std::string train_report_html(const std::string& name, const std::vector<EpochResult>& results,
                              const std::string& memory) {
  HtmlPage page("Training of " + name);
  const std::vector<Curve> curves = {{name, &results}};
  page.figure(loss_chart(curves), "Mean loss over the training batches of each epoch.");
  page.figure(accuracy_chart(curves), "Top-1 accuracy on the test data after each epoch.");
  if (!memory.empty()) page.paragraph(memory);
  return page.str();
}

}  // namespace twofour::cli
