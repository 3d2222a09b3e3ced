using System.Collections.Immutable;
using System.Globalization;

namespace Superfactory.Model.Jobs;

/// <summary>Collects everything that is wrong with one job file. Not safe for concurrent use.</summary>
internal sealed class JobProblems(string? file)
{
    // More than anybody reads; a file of another kind can have a problem on each of its lines.
    private const int ShownMax = 50;

    private readonly List<Problem> _problems = [];

    /// <summary>Whether there is any.</summary>
    public bool Any => _problems.Count > 0;

    /// <summary>Adds one.</summary>
    public void Add(int? line, string? field, string message, string? hint = null) =>
        _problems.Add(new Problem(message, file, line, string.IsNullOrEmpty(field) ? null : field, hint));

    /// <summary>Adds that something else was expected there.</summary>
    public void AddExpected(JobNode found, string field, string expected, string? hint = null) =>
        Add(found.Line, field, $"Expected {expected}, but found {found.Describe()}.", hint);

    /// <summary>All of them from the top of the file; those that concern no line come last.</summary>
    public ImmutableArray<Problem> ToOrdered()
    {
        var ordered = _problems
            .Select((problem, order) => (problem, order))
            .OrderBy(entry => entry.problem.Line ?? int.MaxValue)
            .ThenBy(entry => entry.order)
            .Select(entry => entry.problem)
            .ToList();
        if (ordered.Count <= ShownMax)
        {
            return [.. ordered];
        }

        var left = (ordered.Count - ShownMax).ToString(CultureInfo.InvariantCulture);
        return [.. ordered.Take(ShownMax), new Problem($"There are {left} more problems in this file.", file)];
    }
}
