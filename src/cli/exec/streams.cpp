#include "cli/exec/streams.h"

#include <algorithm>
#include <barrier>
#include <exception>
#include <memory>
#include <thread>

#include "cli/session.h"

namespace twofour::cli {
namespace {

void wait_ms(double ms) {
  if (ms > 0) std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(ms));
}

class Stream {
 public:
  Stream(int number, const Engine& engine, const Inputs& inputs, const LoopOptions& options, bool profile)
      : number_(number), options_(options), profile_(profile), session_(engine, inputs) {}

  void run(Clock::time_point epoch) {
    epoch_ = epoch;
    wait_ms(options_.sleep_ms);
    const double start = now();
    do {
      query();
      ++warm_up_queries;
    } while (now() - start < options_.warm_up_ms);
    const double timed = now();
    while (static_cast<int64_t>(queries.size()) < options_.iterations ||
           now() - timed < options_.duration_s * 1e3) {
      wait_ms(queries.empty() ? 0 : options_.idle_ms);
      queries.push_back(query());
    }
    session_.copy_out();
  }

  const std::vector<Tensor>& outputs() const { return session_.outputs(); }

  std::vector<Query> queries;
  int64_t warm_up_queries = 0;
  std::exception_ptr error;

 private:
  double now() const { return ms_between(epoch_, Clock::now()); }

  Query query() {
    Query q{.stream = number_};
    q.start_in = now();
    if (options_.data_transfers) session_.copy_in();
    q.start_compute = options_.data_transfers ? now() : q.start_in;
    if (profile_) session_.run_profiled(q.layer_us);
    else session_.run();
    q.end_compute = now();
    if (options_.data_transfers) session_.copy_out();
    q.end_out = options_.data_transfers ? now() : q.end_compute;
    return q;
  }

  int number_;
  const LoopOptions& options_;
  bool profile_;
  Session session_;
  Clock::time_point epoch_;
};

// A single stream runs on this thread, whose pool of kernel threads is warm.
void run_all(std::vector<std::unique_ptr<Stream>>& streams) {
  if (streams.size() == 1) return streams[0]->run(Clock::now());
  const int threads = std::max(1, set_threads(0) / static_cast<int>(streams.size()));
  Clock::time_point epoch;
  std::barrier start(static_cast<std::ptrdiff_t>(streams.size()), [&]() noexcept { epoch = Clock::now(); });
  std::vector<std::thread> workers;
  for (const auto& stream : streams)
    workers.emplace_back([&] {
      set_threads(threads);
      start.arrive_and_wait();
      try {
        stream->run(epoch);
      } catch (...) {
        stream->error = std::current_exception();
      }
    });
  for (std::thread& worker : workers) worker.join();
  for (const auto& stream : streams)
    if (stream->error) std::rethrow_exception(stream->error);
}

Trace trace_streams(const Engine& engine, const Inputs& inputs, const LoopOptions& options, bool profile) {
  std::vector<std::unique_ptr<Stream>> streams;
  for (int i = 0; i < options.streams; ++i)
    streams.push_back(std::make_unique<Stream>(i, engine, inputs, options, profile));
  run_all(streams);
  Trace trace;
  for (const auto& stream : streams) {
    trace.warm_up_queries += stream->warm_up_queries;
    std::ranges::move(stream->queries, std::back_inserter(trace.queries));
  }
  std::ranges::stable_sort(trace.queries, {}, &Query::start_in);
  trace.outputs = streams[0]->outputs();
  return trace;
}

}  // namespace

double Trace::wall_s() const {
  return (std::ranges::max(queries, {}, &Query::end_out).end_out - queries.front().start_in) / 1e3;
}

Trace run_streams(const Engine& engine, const Inputs& inputs, const LoopOptions& options) {
  return trace_streams(engine, inputs, options, false);
}
Trace profile_streams(const Engine& engine, const Inputs& inputs, const LoopOptions& options) {
  return trace_streams(engine, inputs, options, true);
}

}  // namespace twofour::cli
