using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Superfactory.Cli.CommandLine;
using Superfactory.Model;

namespace Superfactory.Cli.Api;

/// <summary>What came of asking the control plane: a value, or why there is none and what exit code that means.</summary>
/// <typeparam name="T">What was asked for.</typeparam>
internal sealed class Answer<T>
    where T : class
{
    private Answer(T? value, ImmutableArray<Problem> problems, int exitCode) =>
        (Value, Problems, ExitCode) = (value, problems, exitCode);

    /// <summary>The value; null where there is none.</summary>
    public T? Value { get; }

    /// <summary>Why there is no value.</summary>
    public ImmutableArray<Problem> Problems { get; }

    /// <summary>What the program should end with.</summary>
    public int ExitCode { get; }

    /// <summary>Whether there is a value.</summary>
    [MemberNotNullWhen(true, nameof(Value))]
    public bool Succeeded => Value is not null;

    /// <summary>Whether the control plane did not answer at all, so that asking again may help.</summary>
    public bool IsUnreachable => ExitCode == CommandLine.ExitCode.CannotReach;

    /// <summary>The control plane gave a value.</summary>
    public static Answer<T> Of(T value) => new(value, [], CommandLine.ExitCode.Done);

    /// <summary>The control plane refused.</summary>
    public static Answer<T> Refused(ImmutableArray<Problem> problems) => new(null, problems, CommandLine.ExitCode.BadInput);

    /// <summary>The control plane did not answer.</summary>
    public static Answer<T> Unreachable(Problem problem) => new(null, [problem], CommandLine.ExitCode.CannotReach);
}
