using Superfactory.Model.Fleet;

namespace Superfactory.Core.Commands;

/// <summary>The queues that jobs wait in become these.</summary>
/// <param name="Queues">All queues, each valid by itself.</param>
/// <param name="File">The file that they came from, for messages; null where there is none.</param>
public sealed record ApplyQueues(QueueSet Queues, string? File = null) : FactoryCommand;
