using Superfactory.Model;

namespace Superfactory.Control.Hosting;

/// <summary>Why the control plane can't start, and the exit code that says so.</summary>
/// <param name="ExitCode"><see cref="BadInput"/> or <see cref="CannotSetUp"/>.</param>
/// <param name="Problem">What is wrong and what to do.</param>
internal sealed record StartFault(int ExitCode, Problem Problem)
{
    /// <summary>The exit code where what was given is wrong.</summary>
    public const int BadInput = 2;

    /// <summary>The exit code where something can't be reached or set up.</summary>
    public const int CannotSetUp = 3;

    public static StartFault Setup(string message, string hint) => new(CannotSetUp, new Problem(message, Hint: hint));
}

/// <summary>What was started, or why it could not be.</summary>
internal readonly struct Started<T>
    where T : class
{
    private Started(T? value, StartFault? fault) => (Value, Fault) = (value, fault);

    public T? Value { get; }

    public StartFault? Fault { get; }

    public static implicit operator Started<T>(T value) => new(value, null);

    public static implicit operator Started<T>(StartFault fault) => new(null, fault);
}
