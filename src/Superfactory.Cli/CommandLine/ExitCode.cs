namespace Superfactory.Cli.CommandLine;

/// <summary>What the program's exit code says.</summary>
internal static class ExitCode
{
    /// <summary>What was asked for is done.</summary>
    public const int Done = 0;

    /// <summary>The job failed or was cancelled, or what was compared differs.</summary>
    public const int JobFailed = 1;

    /// <summary>What the user gave is wrong.</summary>
    public const int BadInput = 2;

    /// <summary>Something could not be reached or set up.</summary>
    public const int CannotReach = 3;

    /// <summary>A fault of Superfactory itself, as <c>sysexits.h</c> numbers it.</summary>
    public const int Fault = 70;

    /// <summary>Interrupted before it was done, as shells number it: 128 and SIGINT.</summary>
    public const int Interrupted = 130;
}
