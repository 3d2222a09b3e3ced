namespace Superfactory.Cli.Bench.Merge;

/// <summary>A measurement that cannot be made or did not come out, with the sentence for people and the exit code.</summary>
internal sealed class BenchException : Exception
{
    /// <summary>With what went wrong, as one sentence.</summary>
    public BenchException(string message, int exitCode)
        : base(message) => ExitCode = exitCode;

    /// <summary>With what went wrong and what caused it.</summary>
    public BenchException(string message, int exitCode, Exception innerException)
        : base(message, innerException) => ExitCode = exitCode;

    /// <summary>See <see cref="CommandLine.ExitCode"/>.</summary>
    public int ExitCode { get; }
}
