using System.Collections.Immutable;
using Superfactory.Model.Agents;

namespace Superfactory.Cli.Api;

/// <summary>Some of a job's log lines.</summary>
/// <param name="Next">The cursor after the last of them.</param>
/// <param name="Lines">The lines, oldest first.</param>
internal sealed record LogPage(long Next, ImmutableArray<LogLine> Lines)
{
    /// <summary>Lines asked for at a time.</summary>
    public const int LinesMax = 1000;
}
