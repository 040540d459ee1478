/** Sentences that come with the data, in the reader's language; what is not known stays English. */

import { language } from "./words";

/** English as the program writes it, and Chinese; what is in brackets is taken over as $1, $2. */
const ZH: readonly (readonly [RegExp, string])[] = [
  [/^(\d+) more remarks on declarations$/, "另有 $1 条关于声明的说明"],
  [/^a map by (.+) needs at least (\d+) models, here are (\d+)$/, "$1 地图至少需要 $2 个模型，这里有 $3 个"],
  [/^(.+) tells nothing of (\d+) models$/, "$1 没有说明其中 $2 个模型"],
  [/^pairs are tested in atlases of up to ([\d,]+) models, here are ([\d,]+)$/, "至多 $1 个模型的图谱才检验配对，这里有 $2 个"],
  [/^there is no other model$/, "没有其他模型"],
  [/^(\d+) sparsely filled metadata columns are left out$/, "略去 $1 个填写稀少的元数据列"],
  [/^no metadata was given: groups, foundations, makers and dates of (\d+) of (\d+) models are from the facts that ship with cladist and your corrections$/, "未给出元数据：$2 个模型中 $1 个的分组、基础模型、开发者和日期取自 cladist 附带的事实和您的更正"],
  [/^this folder leaves out answers$/, "此文件夹不含回答"],
  [/^this folder leaves out answers, for more than ([\d,]+) models$/, "模型超过 $1 个，此文件夹不含回答"],
  [/^this folder leaves out pages of single models, for more than ([\d,]+) models$/, "模型超过 $1 个，此文件夹不含单个模型的页面"],
  [/^(\d+) models? to calibrate on, (\d+) are needed$/, "可用于校准的模型有 $1 个，需要 $2 个"],
  [/^(\d+) models? of declared family to calibrate on, (\d+) are needed: labels name (\d+) of (\d+) models here$/, "声明了家族、可用于校准的模型有 $1 个，需要 $2 个：标签指明了此处 $4 个模型中的 $3 个"],
  [/^its answers say nothing of its descent: it gave (\d+) usable answers, and (\d+) are the least$/, "其回答不能说明来源：可用的回答有 $1 个，至少需要 $2 个"],
  [/^its answers say nothing of its descent: it answers fewer than a fifth of the prompts$/, "其回答不能说明来源：它回答的提示不足五分之一"],
  [/^its answers say nothing of its descent: it says the same to nearly all prompts$/, "其回答不能说明来源：它对几乎所有提示的回答都相同"],
  [/^its answers say nothing of its descent: it mostly repeats the prompts$/, "其回答不能说明来源：它大多重复提示"],
  [/^its answers say nothing of its descent: it gives only (\d+) different texts to (\d+) prompts$/, "其回答不能说明来源：它对 $2 个提示只给出 $1 种不同的文本"],
  [/^all models to calibrate on are of one maker; two makers are the least$/, "可用于校准的模型都出自同一开发者；至少需要两个"],
  [/^only the (\d+) nearest are tested in lists; ask for the pair$/, "列表中只检验最近的 $1 个；可单独询问某一对"],
  [/^held against (\d+) of (\d+) models$/, "与 $2 个模型中的 $1 个对照"],
  [/^there is no tree of fewer than three models$/, "少于三个模型没有树"],
  [/^nearest by DNA; for so many models the tree is not that of answers$/, "按 DNA 最近；模型如此之多时，树并非由回答而来"],
  [/^neighbour joining of (.+) distances$/, "$1 距离的邻接法"],
  [/^like (.+): (\d+) models$/, "类似 $1：$2 个模型"],
  [/^alone$/, "无聚类"],
  [/^(.+) of (.+) distances$/, "$2 距离的 $1"],
  [/^calibrated on (\d+) models of (\d+) declared families, each asked with and without its family$/, "以 $2 个声明家族的 $1 个模型校准，每个模型带其家族与不带其家族各询问一次"],
  [/^chance of none beforehand (.+)$/, "事先“都不是”的概率为 $1"],
  [/^no families are declared$/, "没有声明家族"],
  [/^interface not recorded, (.+) assumed$/, "未记录接口，假定为 $1"],
  [/^temperature not recorded, (.+) assumed$/, "未记录温度，假定为 $1"],
  [/^top-p not recorded, (.+) assumed$/, "未记录 top-p，假定为 $1"],
  [/^limit on tokens not recorded$/, "未记录词元上限"],
  [/^system prompt not recorded, none assumed$/, "未记录系统提示，假定没有"],
  [/^prompt template not recorded, the model's own assumed$/, "未记录提示模板，假定为模型自带"],
  [/^recorded answers were cut after (\d+) characters$/, "记录的回答在 $1 个字符后截断"],
  [/^longer recorded answers are read as far as (\d+) tokens go$/, "较长的记录回答只读到约 $1 个词元"],
  [/^([\d and]+) models in (\d+) rows of the declared tree and (\d+) of the measured tree\. Wedges are rows of several models$/, "$1 个模型，声明的树有 $2 行，测量的树有 $3 行。楔形为多个模型的一行"],
  [/^a line of several has their number and is wider\.$/, "多个模型的线标有数目，也更宽。"],
  [/^Collapsed by family: (.+)\.$/, "按家族折叠：$1。"],
  [/^No clade as the declared tree is drawn, so in several rows there: (.+)\.$/, "在声明的树中不成一个分支，因此分为数行：$1。"],
  [/^No clade as the measured tree is drawn, so in several rows there: (.+)\.$/, "在测量的树中不成一个分支，因此分为数行：$1。"],
  [/^Rows of the declared tree that join branches of one node and are no clade by themselves, which their names say by 'branches': (\d+)\.$/, "声明的树中合并同一节点的分支、本身不成分支的行（名称中有“分支”）：$1。"],
  [/^Rows of the measured tree that join branches of one node and are no clade by themselves, which their names say by 'branches': (\d+)\.$/, "测量的树中合并同一节点的分支、本身不成分支的行（名称中有“分支”）：$1。"],
  [/^Rows of the declared tree that are clades without one family for all, called by the first name in them: (\d+)\.$/, "声明的树中没有共同家族的分支行，以其中第一个名称命名：$1。"],
  [/^Rows of the measured tree that are clades without one family for all, called by the first name in them: (\d+)\.$/, "测量的树中没有共同家族的分支行，以其中第一个名称命名：$1。"],
  [/^(.+), line (\d+): '(.+)' is named as its own parent$/, "$1 第 $2 行：“$3”被列为自己的父模型"],
  [/^'(.+)' is '(.+)' under another name, not its copy; left out$/, "“$1”是“$2”的另一名称，并非其副本；已略去"],
  [/^'(.+)' is not measured; (.+) may be a quantisation or conversion of it, which is not the same$/, "“$1”未测量；$2 可能是其量化或转换版本，并不相同"],
  [/^'(.+)' fits (.+): which of them is not guessed; write the name as the registry has it$/, "“$1”与 $2 都相符：不作猜测；请按注册表中的写法书写名称"],
  [/^midpoint$/, "中点"],
  [/^(\d+) families could not be held against it and stay in the set$/, "$1 个家族无法与之对照，仍保留在集合中"],
  [/^all models that have kin of other answers are of one maker$/, "有不同回答之亲缘模型的都出自同一开发者"],
  [/^(\d+) makers have kin of other answers in this panel, and (\d+) are needed for sets of (.+)$/, "此参照中有 $1 个开发者的模型有不同回答的亲缘，$3 的集合需要 $2 个"],
  [/^how these answers were asked for is not told, and kin that were asked differently may have next to nothing in common$/, "未告知这些回答是如何询问的，而询问方式不同的亲缘模型可能几乎没有共同之处"],
  [/^(.+) of the recorded answers may have been another, and kin that were asked differently may have next to nothing in common$/, "记录的回答的 $1 可能不同，而询问方式不同的亲缘模型可能几乎没有共同之处"],
  [/^bringing in models asked$/, "并入询问过的模型"],
  [/^comparing$/, "比较"],
  [/^evidence of kinship$/, "亲缘证据"],
  [/^making DNA$/, "制作 DNA"],
  [/^maps$/, "地图"],
  [/^nearest models$/, "最近的模型"],
  [/^reading answers$/, "读取回答"],
  [/^support$/, "支持度"],
  [/^testing relatives$/, "检验近亲"],
  [/^tree$/, "树"],
  [/^weighing what models share$/, "权衡共有的内容"],
];

/** A remark in the reader's language. */
export function remark(text: string): string {
  if (language() !== "zh") return text;
  // What begins with a name is one sentence; others stand in one line with semicolons between them.
  if (text.startsWith("'")) return one(text);
  return text.split("; ").map(one).join("；");
}

function one(text: string): string {
  for (const [english, chinese] of ZH) {
    const found = english.exec(text);
    if (found !== null) return chinese.replace(/\$(\d)/g, (_, k: string) => found[Number(k)] ?? "");
  }
  return text;
}
