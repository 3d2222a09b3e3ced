namespace Superfactory.Site;

/// <summary>What a process's exit code means, the same for all of Superfactory's programs.</summary>
internal static class ExitCodes
{
    /// <summary>Done, or ended because it was told to.</summary>
    public const int Done = 0;

    /// <summary>The job failed.</summary>
    public const int Failed = 1;

    /// <summary>What it was given is wrong.</summary>
    public const int BadInput = 2;

    /// <summary>Something could not be reached or set up.</summary>
    public const int CannotSetUp = 3;
}
