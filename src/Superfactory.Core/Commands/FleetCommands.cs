using Superfactory.Model.Fleet;

namespace Superfactory.Core.Commands;

/// <summary>The queues that jobs wait in become these.</summary>
/// <param name="Queues">All queues, each valid by itself.</param>
/// <param name="File">The file that they came from, for messages; null where there is none.</param>
public sealed record ApplyQueues(QueueSet Queues, string? File = null) : FactoryCommand;

/// <summary>The sites are what a fleet file says.</summary>
/// <param name="Text">The text of the file.</param>
/// <param name="File">The file as the user named it, for messages; null where there is none.</param>
public sealed record ApplyFleet(string Text, string? File = null) : FactoryCommand;

/// <summary>Nothing of a queue starts any more, or again.</summary>
/// <param name="Queue">The queue.</param>
/// <param name="Paused">Whether it is paused from now on.</param>
public sealed record SetPaused(string Queue, bool Paused) : FactoryCommand;

/// <summary>A job gets another priority.</summary>
/// <param name="Job">The job's number.</param>
/// <param name="Priority">The new priority, 0 to 1,000.</param>
public sealed record ReprioritizeJob(long Job, int Priority) : FactoryCommand;
