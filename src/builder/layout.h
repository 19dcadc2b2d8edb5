// Layout: the memory format of every node, chosen for the whole graph at once.
#pragma once

#include <map>
#include <vector>

#include "builder/select.h"

namespace twofour::builder {

/// The assignment of formats to nodes with the least total time of nodes and reorders, found as a minimum
/// cut: the two formats are the two sides, node times the edges to source and sink, reorder times the edges
/// between nodes. Graph inputs and outputs are plain, and so is what nodes without a selection read and
/// write. Throws Error{kUnsupported} when some node runs in neither format.
std::vector<backend::Format> assign_formats(const Graph& graph, const std::vector<NodeSelection>& selections,
                                            Selector& selector);

/// Inserts Reorder nodes wherever a value is read in another format than it is written. `formats` grows by
/// the format of each value that is not plain.
std::map<const Value*, backend::Format> insert_reorders(Graph& graph,
                                                        const std::vector<NodeSelection>& selections,
                                                        const std::vector<backend::Format>& formats);

}  // namespace twofour::builder
