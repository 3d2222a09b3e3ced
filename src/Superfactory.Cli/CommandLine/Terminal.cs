using System.Collections.Immutable;
using System.Text.Json;
using Superfactory.Cli.Api;
using Superfactory.Model;

namespace Superfactory.Cli.CommandLine;

/// <summary>Where the program writes. Safe for use by several threads.</summary>
internal sealed class Terminal
{
    /// <summary>The width where there is no terminal to ask.</summary>
    private const int DefaultWidth = 100;

    private readonly Lock _writing = new();

    /// <summary>Writes to the given writers.</summary>
    public Terminal(TextWriter output, TextWriter error, bool isInteractive, TimeProvider? time = null) =>
        (Output, Error, IsInteractive, Time) = (output, error, isInteractive, time ?? TimeProvider.System);

    /// <summary>What was asked for.</summary>
    public TextWriter Output { get; }

    /// <summary>What went wrong, and progress of what was asked for.</summary>
    public TextWriter Error { get; }

    /// <summary>Whether standard output is a terminal that can be drawn on.</summary>
    public bool IsInteractive { get; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; }

    /// <summary>Columns.</summary>
    public int Width => IsInteractive ? Math.Max(40, Console.WindowWidth) : DefaultWidth;

    /// <summary>The process's own standard output and error.</summary>
    public static Terminal System() => new(
        Console.Out, Console.Error,
        isInteractive: !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") is { Length: > 0 } and not "dumb");

    /// <summary>Writes a line to standard output.</summary>
    public void Line(string text = "")
    {
        lock (_writing)
        {
            Output.WriteLine(text);
        }
    }

    /// <summary>Writes a line to standard error.</summary>
    public void ErrorLine(string text)
    {
        lock (_writing)
        {
            Error.WriteLine(text);
        }
    }

    /// <summary>Writes a value to standard output as JSON.</summary>
    public void Json<T>(T value) => Line(JsonSerializer.Serialize(value, FactoryJson.Readable));

    /// <summary>Writes each problem to standard error, a line each, and returns <paramref name="exitCode"/>.</summary>
    public int Fail(ImmutableArray<Problem> problems, int exitCode)
    {
        foreach (var problem in problems)
        {
            ErrorLine($"superfactory: {problem}");
        }

        return exitCode;
    }

    /// <summary>Writes what the control plane answered, as JSON or as lines, or why it did not; returns the exit code.</summary>
    public int Show<T>(Answer<T> answer, bool asJson, Func<T, ImmutableArray<string>> lines)
        where T : class
    {
        if (!answer.Succeeded)
        {
            return Fail(answer.Problems, answer.ExitCode);
        }

        if (asJson)
        {
            Json(answer.Value);
            return ExitCode.Done;
        }

        foreach (var line in lines(answer.Value))
        {
            Line(line);
        }

        return ExitCode.Done;
    }

    /// <summary>The same terminal with nothing on standard output.</summary>
    public Terminal Silenced() => new(TextWriter.Null, Error, isInteractive: false, Time);

    /// <summary>Writes one problem to standard error and returns <paramref name="exitCode"/>.</summary>
    public int Fail(string message, int exitCode, string? hint = null) => Fail([new Problem(message, Hint: hint)], exitCode);
}
