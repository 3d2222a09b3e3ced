namespace Superfactory.Site;

/// <summary>What an agent says to people and to the program that started it. Thread-safe where its writers are.</summary>
/// <param name="site">The site.</param>
/// <param name="output">Standard output: lines that programs read.</param>
/// <param name="errors">Standard error: sentences for people.</param>
internal sealed class SiteVoice(string site, TextWriter output, TextWriter errors)
{
    /// <summary>Says where other sites reach this one, once it is up.</summary>
    public void Ready(string endpoint)
    {
        output.WriteLine($"ready {endpoint}");
        output.Flush();
    }

    /// <summary>Says a sentence.</summary>
    public void Say(string text)
    {
        errors.WriteLine($"site {site}: {text}");
        errors.Flush();
    }

    /// <summary>Says why the agent ends.</summary>
    /// <returns>The exit code.</returns>
    public int Fail(int exitCode, IEnumerable<string> why)
    {
        foreach (var sentence in why)
        {
            Say(sentence);
        }

        return exitCode;
    }
}
