using System.Globalization;

namespace Superfactory.Core;

/// <summary>Where checkpoints lie at a site. Pure.</summary>
public static class CheckpointPaths
{
    /// <summary>The directory of a checkpoint.</summary>
    /// <param name="root">The site's directory of checkpoints.</param>
    /// <param name="job">The job.</param>
    /// <param name="name">The checkpoint's name.</param>
    public static string Of(string root, long job, string name) => string.Create(CultureInfo.InvariantCulture, $"{root}/{job}/{name}");
}
