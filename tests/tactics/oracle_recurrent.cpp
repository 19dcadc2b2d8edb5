// RNN, GRU and LSTM step by step, with their usual activations.
#include <cmath>

#include "tactics/oracle.h"

namespace twofour::oracle {
namespace {

using Set = std::vector<Real>;

/// One direction of a recurrent layer for one item of the batch.
class Cell {
 public:
  Cell(const Question& q, int64_t gates, size_t dir, size_t item)
      : q_(q),
        gates_(static_cast<size_t>(gates)),
        dir_(dir),
        first_(q.attrs.i("layout", 0) == 1),
        dirs_(static_cast<size_t>(q.in[2].shape[0])),
        batch_(static_cast<size_t>(q.in[0].shape[first_ ? 0 : 1])),
        seq_(static_cast<size_t>(q.in[0].shape[first_ ? 1 : 0])),
        input_(static_cast<size_t>(q.in[0].shape[2])),
        hidden_(static_cast<size_t>(q.in[2].shape[2])),
        item_(item),
        h_(state(5)),
        c_(state(6)) {}

  void run(Answer& answer) {
    const size_t length = q_.has(4) ? static_cast<size_t>(q_.in[4].at[item_]) : seq_;
    const bool reverse = dir_ == 1 || q_.attrs.s("direction", "forward") == "reverse";
    for (size_t step = 0; step < length; ++step) {
      const size_t t = reverse ? length - 1 - step : step;
      const size_t from = (first_ ? item_ * seq_ + t : t * batch_ + item_) * input_;
      x_.assign(q_.in[0].at.begin() + static_cast<std::ptrdiff_t>(from),
                q_.in[0].at.begin() + static_cast<std::ptrdiff_t>(from + input_));
      if (q_.op == "LSTM") lstm();
      else if (q_.op == "GRU") gru();
      else rnn();
      const size_t to = first_ ? (item_ * seq_ + t) * dirs_ + dir_ : (t * dirs_ + dir_) * batch_ + item_;
      write(answer[0], to, h_);
    }
    const size_t last = first_ ? item_ * dirs_ + dir_ : dir_ * batch_ + item_;
    if (answer.size() > 1) write(answer[1], last, h_);
    if (answer.size() > 2) write(answer[2], last, c_);
  }

 private:
  Set state(size_t input) const {
    if (!q_.has(input) || (input == 6 && q_.op != "LSTM")) return Set(hidden_, 0);
    const size_t at = (first_ ? item_ * dirs_ + dir_ : dir_ * batch_ + item_) * hidden_;
    return Set(q_.in[input].at.begin() + static_cast<std::ptrdiff_t>(at),
               q_.in[input].at.begin() + static_cast<std::ptrdiff_t>(at + hidden_));
  }
  void write(Expected& result, size_t row, const Set& values) const {
    for (size_t i = 0; i < hidden_; ++i) {
      result.at[row * hidden_ + i] = values[i];
      result.scale[row * hidden_ + i] = 1 + std::abs(values[i]);
    }
  }
  Real product(size_t input, size_t gate, size_t i, const Set& v) const {
    const size_t row = ((dir_ * gates_ + gate) * hidden_ + i) * v.size();
    Real sum = 0;
    for (size_t k = 0; k < v.size(); ++k) sum += q_.in[input].at[row + k] * v[k];
    return sum;
  }
  Real bias(bool recurrent, size_t gate, size_t i) const {
    if (!q_.has(3)) return 0;
    return q_.in[3].at[((dir_ * 2 + (recurrent ? 1 : 0)) * gates_ + gate) * hidden_ + i];
  }
  Real whole(size_t gate, size_t i, const Set& h) const {
    return product(1, gate, i, x_) + product(2, gate, i, h) + bias(false, gate, i) + bias(true, gate, i);
  }
  Real peephole(size_t gate, size_t i, Real c) const {
    return q_.has(7) ? q_.in[7].at[(dir_ * 3 + gate) * hidden_ + i] * c : 0;
  }
  Real clipped(Real v) const {
    const Real clip = q_.attrs.has("clip") ? Real(q_.attrs.f("clip", 0)) : Real(INFINITY);
    return v < -clip ? -clip : v > clip ? clip : v;
  }
  Real sigmoid(Real v) const { return 1 / (1 + std::exp(-clipped(v))); }
  Real tanh(Real v) const { return std::tanh(clipped(v)); }

  void lstm() {
    const Set h = h_;
    const bool coupled = q_.attrs.i("input_forget", 0) != 0;
    for (size_t i = 0; i < hidden_; ++i) {
      const Real in = sigmoid(whole(0, i, h) + peephole(0, i, c_[i]));
      const Real forget = coupled ? 1 - in : sigmoid(whole(2, i, h) + peephole(2, i, c_[i]));
      c_[i] = forget * c_[i] + in * tanh(whole(3, i, h));
      h_[i] = sigmoid(whole(1, i, h) + peephole(1, i, c_[i])) * std::tanh(c_[i]);
    }
  }
  void gru() {
    const Set h = h_;
    const bool after = q_.attrs.i("linear_before_reset", 0) != 0;
    Set gated(hidden_), r(hidden_);
    for (size_t i = 0; i < hidden_; ++i) gated[i] = (r[i] = sigmoid(whole(1, i, h))) * h[i];
    for (size_t i = 0; i < hidden_; ++i) {
      const Real z = sigmoid(whole(0, i, h));
      const Real recurrent = after ? r[i] * (product(2, 2, i, h) + bias(true, 2, i))
                                   : product(2, 2, i, gated) + bias(true, 2, i);
      h_[i] = (1 - z) * tanh(product(1, 2, i, x_) + bias(false, 2, i) + recurrent) + z * h[i];
    }
  }
  void rnn() {
    const Set h = h_;
    for (size_t i = 0; i < hidden_; ++i) h_[i] = tanh(whole(0, i, h));
  }

  const Question& q_;
  size_t gates_, dir_;
  bool first_;
  size_t dirs_, batch_, seq_, input_, hidden_, item_;
  Set h_, c_, x_;
};

Answer recurrent(const Question& q) {
  Answer answer;
  for (const Array& out : q.out) answer.emplace_back(static_cast<size_t>(out.shape.numel()));
  const int64_t gates = q.op == "LSTM" ? 4 : q.op == "GRU" ? 3 : 1;
  const auto batch = static_cast<size_t>(q.in[0].shape[q.attrs.i("layout", 0) == 1 ? 0 : 1]);
  for (size_t dir = 0; dir < static_cast<size_t>(q.in[2].shape[0]); ++dir)
    for (size_t item = 0; item < batch; ++item) Cell(q, gates, dir, item).run(answer);
  return answer;
}

}  // namespace

const Table& recurrences() {
  static const Table table = {{"GRU", recurrent}, {"LSTM", recurrent}, {"RNN", recurrent}};
  return table;
}

}  // namespace twofour::oracle
